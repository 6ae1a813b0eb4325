import { isUtf8 } from 'node:buffer'
import { Undecodable, type Format } from './data-type.ts'

type Replace = (value: Buffer) => Buffer

/** The same array with every element replaced; dimensions and NULLs stay. Throws `Undecodable`. */
export function inArray(format: Format, replace: Replace): Replace {
  return format === 'binary' ? (bytes) => inBinary(bytes, replace) : (bytes) => inText(bytes, replace)
}

const name = 'array'
const dimensionsMax = 6

/** Number of dimensions, flags, type of the elements, length and lower bound of each dimension; the elements. */
function inBinary(bytes: Buffer, replace: Replace): Buffer {
  if (bytes.length < 12) throw new Undecodable(name)
  const dimensions = bytes.readInt32BE(0)
  let at = 12 + 8 * dimensions
  if (dimensions < 0 || dimensions > dimensionsMax || bytes.length < at) throw new Undecodable(name)
  let elements = dimensions === 0 ? 0 : 1
  for (let dimension = 0; dimension < dimensions; dimension++)
    elements *= bytes.readUInt32BE(12 + 8 * dimension)
  const pieces: Buffer[] = [bytes.subarray(0, at)]
  for (let element = 0; element < elements; element++) {
    if (at + 4 > bytes.length) throw new Undecodable(name)
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0) {
      pieces.push(missing)
      continue
    }
    if (at + length > bytes.length) throw new Undecodable(name)
    const replaced = replace(bytes.subarray(at, at + length))
    const prefix = Buffer.alloc(4)
    prefix.writeInt32BE(replaced.length)
    pieces.push(prefix, replaced)
    at += length
  }
  if (at !== bytes.length) throw new Undecodable(name)
  return Buffer.concat(pieces)
}

const missing = Buffer.from([0xff, 0xff, 0xff, 0xff])

/** Before the braces, when an index does not begin at 1. */
const bounds = /^(?:\[-?\d+:-?\d+\])+=/
/** An element without quotes has none of these bytes. */
const special = /[\t\n\v\f\r {},"\\]/g

function inText(bytes: Buffer, replace: Replace): Buffer {
  if (!isUtf8(bytes)) throw new Undecodable(name)
  const text = bytes.toString()
  const start = bounds.exec(text)?.[0] ?? ''
  const out: string[] = [start]
  let depth = 0
  /** What may come: a value or, in braces that have none yet, their end; what follows a value; nothing more. */
  let next: 'first' | 'value' | 'behind' | 'end' = 'value'
  for (let at = start.length; at < text.length;) {
    const char = text[at] ?? ''
    const expectsValue = next === 'value' || next === 'first'
    if (char === '{' && expectsValue) {
      depth++
      next = 'first'
    } else if (char === '}' && (next === 'behind' || next === 'first'))
      next = --depth === 0 ? 'end' : 'behind'
    else if (char === ',' && next === 'behind') next = 'value'
    else if (expectsValue && depth > 0) {
      const end = char === '"' ? endOfQuoted(text, at) : endOfBare(text, at)
      out.push(element(text.slice(at, end), replace))
      next = 'behind'
      at = end
      continue
    } else throw new Undecodable(name)
    out.push(char)
    at++
  }
  if (next !== 'end') throw new Undecodable(name)
  return Buffer.from(out.join(''))
}

function endOfBare(text: string, from: number): number {
  special.lastIndex = from
  const end = special.exec(text)?.index ?? text.length
  if (end === from) throw new Undecodable(name)
  return end
}

/** Behind the closing quote. */
function endOfQuoted(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '"') return at + 1
    if (text[at] === '\\') at++
  }
  throw new Undecodable(name)
}

function element(text: string, replace: Replace): string {
  if (text.toUpperCase() === 'NULL') return text
  const plain = text.startsWith('"') ? text.slice(1, -1).replace(/\\([^])/g, '$1') : text
  return written(replace(Buffer.from(plain)))
}

/** An element as it stands between braces: quoted when it must be. */
export function written(value: Buffer): string {
  const text = value.toString()
  const plain = /^[\w.+:/*-]+$/.test(text) && text.toUpperCase() !== 'NULL'
  return plain ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}
