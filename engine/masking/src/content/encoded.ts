import { isUtf8 } from 'node:buffer'

/** Shorter ones are of no value that is looked for, and words look like them. */
const charsMin = 12
/** A text in base64 may hold one in base64. */
const levelsMax = 2

const base64 = /^[\w+/-]+={0,2}$/
const hexadecimal = /^(?:[0-9a-f]{2})+$/i
const dataUrl = /^data:[^,]{0,256};base64,/i
const control = /[^\P{Cc}\t\r\n]/u

/**
 * What a text says when all of it is hexadecimal, base64, also for URLs and as the data of one, or has escapes of URLs. In
 * what is none of these nothing is said. Asked of every string, so that what is no text is found out by its first bytes.
 */
export function encodedTexts(text: string, levels: number = levelsMax): readonly string[] {
  if (levels === 0 || text.length < charsMin) return none
  const said = text.includes('%') ? inPercents(text) : inBytes(text)
  return said.length === 0 ? none : said.flatMap((each) => [each, ...encodedTexts(each, levels - 1)])
}

const none: readonly string[] = []

function inPercents(text: string): readonly string[] {
  try {
    return [decodeURIComponent(text.replaceAll('+', ' '))]
  } catch {
    return none
  }
}

function inBytes(text: string): readonly string[] {
  const start = text.startsWith('data:') ? (dataUrl.exec(text)?.[0].length ?? 0) : 0
  if (!base64.test(start === 0 ? text : text.slice(start))) return none
  const inBase64 = beginsAsText(text, start, 6)
  const inHex = beginsAsText(text, start, 4)
  if (!inBase64 && !inHex) return none
  const coded = text.slice(start)
  return [
    ...(inBase64 ? textIn(coded, 'base64') : none),
    ...(inHex && hexadecimal.test(coded) ? textIn(coded, 'hex') : none),
  ]
}

function textIn(coded: string, coding: 'hex' | 'base64'): readonly string[] {
  const bytes = Buffer.from(coded, coding)
  if (!isUtf8(bytes)) return none
  const text = bytes.toString()
  return control.test(text) ? none : [text]
}

const triedBytes = 12

/** Whether the first bytes may be UTF-8 without controls; each character is so many bits of them. */
function beginsAsText(text: string, start: number, bitsEach: 4 | 6): boolean {
  const values = bitsEach === 4 ? hexValues : base64Values
  let bits = 0
  let held = 0
  let following = 0
  let tried = 0
  for (let at = start; at < text.length && tried < triedBytes; at++) {
    const value = values[text.charCodeAt(at)] ?? unknown
    if (value === unknown) return bitsEach === 6 && text[at] === '='
    held = ((held << bitsEach) | value) & 0xffff
    bits += bitsEach
    if (bits < 8) continue
    bits -= 8
    const byte = (held >> bits) & 0xff
    if ((byte >> 6 === 0b10) !== following > 0) return false
    if (byte < 0x20 ? byte !== 0x09 && byte !== 0x0a && byte !== 0x0d : byte === 0x7f) return false
    following = byte < 0x80 ? 0 : byte < 0xc0 ? following - 1 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
    tried += 1
  }
  return true
}

const unknown = 0xff
const hexValues = table('0123456789abcdef', 'ABCDEF', 10)
const base64Values = table('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', '-_', 62)

/** The values of characters, and of others that mean the same from one value on. */
function table(characters: string, others: string, from: number): Uint8Array {
  const values = new Uint8Array(128).fill(unknown)
  for (const [value, character] of [...characters].entries()) values[character.charCodeAt(0)] = value
  for (const [value, character] of [...others].entries()) values[character.charCodeAt(0)] = from + value
  return values
}
