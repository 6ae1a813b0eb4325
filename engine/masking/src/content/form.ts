import { rewrittenJson } from './json.ts'
import { valueBytesMax } from './limits.ts'
import type { PathNode } from './path-tree.ts'
import { Tail } from './tail.ts'
import type { Rewriter, Treatment } from './treatment.ts'
import { Unreadable } from './unreadable.ts'

const ampersand = 0x26

/** A form: `$.name` is each value of that name. What is not masked keeps its spelling. */
export class FormRewriter implements Rewriter {
  readonly #treatment: Treatment
  readonly #tail = new Tail()

  constructor(treatment: Treatment) {
    this.#treatment = treatment
  }

  push(piece: Buffer): Buffer {
    // What was kept has no end of a pair in it.
    const kept = this.#tail.length
    const bytes = this.#tail.with(piece)
    const shown: Buffer[] = []
    let at = 0
    for (let end = bytes.indexOf(ampersand, kept); end >= 0; end = bytes.indexOf(ampersand, at)) {
      shown.push(this.#pair(bytes.subarray(at, end)), bytes.subarray(end, end + 1))
      at = end + 1
    }
    bounded(bytes.length - at)
    this.#tail.keep(bytes, at)
    return Buffer.concat(shown)
  }

  end(): Buffer {
    return this.#pair(this.#tail.with(nothing))
  }

  #pair(bytes: Buffer): Buffer {
    bounded(bytes.length)
    const spelled = bytes.toString()
    const equals = spelled.includes('=') ? spelled.indexOf('=') : spelled.length
    const spelledName = spelled.slice(0, equals)
    const name = decoded(spelledName)
    const shownName = this.#found(name)
    const node = this.#treatment.root.member(name)
    const value = equals < spelled.length ? decoded(spelled.slice(equals + 1)) : undefined
    const shownValue = value === undefined ? undefined : this.#value(value, node)
    if (shownName === name && shownValue === value) return bytes
    const left = shownName === name ? spelledName : encoded(shownName)
    const right = shownValue === value ? spelled.slice(equals + 1) : encoded(shownValue ?? '')
    return Buffer.from(value === undefined ? left : `${left}=${right}`)
  }

  #value(value: string, node: PathNode): string {
    if (node.mask === undefined) return rewrittenJson(this.#treatment, value, node) ?? this.#found(value)
    const { text, method } = node.mask.text(value)
    this.#treatment.tally.add(node.mask.name, method)
    return text
  }

  #found(text: string): string {
    return this.#treatment.finder.masked(text, this.#treatment.tally)
  }
}

const nothing = Buffer.alloc(0)

function bounded(bytes: number): void {
  if (bytes > valueBytesMax) throw new Unreadable('a value of a form is longer than any that can be judged')
}

function decoded(spelled: string): string {
  try {
    return decodeURIComponent(spelled.replaceAll('+', ' '))
  } catch {
    throw new Unreadable('a form has an escape that is none')
  }
}

function encoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}
