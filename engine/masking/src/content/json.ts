import { Edits } from './edits.ts'
import { JsonPlace } from './json-place.ts'
import { notJson, numberEnd, sign, Spelling, Strings, StringScan, wordEnd } from './json-tokens.ts'
import type { PathNode } from './path-tree.ts'
import { plainDecimal } from './plain-decimal.ts'
import { Tail } from './tail.ts'
import type { Rewriter, Treatment } from './treatment.ts'
import type { Shown, ValueMask } from './value-mask.ts'

/**
 * One document of JSON, read token by token. Whatever is not masked leaves byte for byte as it came: numbers, spaces
 * and escapes keep their spelling. What a path masks is replaced whole; of other strings and of names what a detector
 * finds is replaced, and of numbers all of it. A string that is itself JSON is read once more, a second such not.
 */
export class JsonRewriter implements Rewriter {
  readonly #treatment: Treatment
  readonly #place: JsonPlace
  /** Whether strings may hold a document of their own. */
  readonly #nests: boolean
  readonly #tail = new Tail()
  readonly #scan = new StringScan()
  /** Something else than spaces has come. */
  #begun = false
  #strings = new Strings(space)

  constructor(treatment: Treatment, root: PathNode = treatment.root, nests = true) {
    this.#treatment = treatment
    this.#place = new JsonPlace(root)
    this.#nests = nests
  }

  push(piece: Buffer): Buffer {
    const bytes = this.#tail.with(piece)
    const edits = new Edits(bytes)
    this.#strings = new Strings(bytes)
    let at = 0
    while (at < bytes.length) {
      const next = this.#token(bytes, at, edits)
      if (next < 0) break
      at = next
    }
    this.#tail.keep(bytes, at)
    return edits.upTo(at)
  }

  /** The end of the document, behind which another may begin. None at all is no error: there is nothing to hide. */
  end(): Buffer {
    // Behind a number must come something that is not of it.
    const last = this.push(space)
    if (this.#begun && (this.#tail.length > 0 || !this.#place.complete)) throw notJson()
    this.#place.restart()
    this.#begun = false
    return last.subarray(0, -1)
  }

  /** Behind the token; -1 when the rest of it must come first. */
  #token(bytes: Buffer, at: number, edits: Edits): number {
    const place = this.#place
    switch (bytes[at]) {
      case sign.space:
      case sign.newline:
      case sign.tab:
      case sign.carriageReturn:
        return at + 1
      case sign.comma:
        place.comma()
        return at + 1
      case sign.colon:
        place.colon()
        return at + 1
      case sign.openObject:
        place.open('object')
        break
      case sign.openArray:
        place.open('array')
        break
      case sign.closeObject:
        place.close('object')
        break
      case sign.closeArray:
        place.close('array')
        break
      default:
        return this.#scalar(bytes, at, edits)
    }
    this.#begun = true
    return at + 1
  }

  #scalar(bytes: Buffer, at: number, edits: Edits): number {
    this.#begun = true
    const first = bytes[at] ?? 0
    if (first === sign.quote) {
      const end = this.#scan.end(bytes, at)
      if (end < 0) return end
      if (this.#place.atName) this.#name(bytes, at, end, edits)
      else this.#string(bytes, at, end, edits)
      return end
    }
    const isNumber = first === sign.minus || (first >= sign.zero && first <= sign.nine)
    const end = isNumber ? numberEnd(bytes, at) : wordEnd(bytes, at)
    if (end < 0) return end
    const { mask } = this.#place.node
    this.#place.value()
    if (isNumber) this.#number(at, end, mask, edits)
    else if (mask !== undefined && first !== sign.n) this.#replace(edits, at, end, mask.name, mask.boolean())
    return end
  }

  /** Names may be values, as in a map from addresses to people. */
  #name(bytes: Buffer, start: number, end: number, edits: Edits): void {
    const { escaped } = this.#scan
    const { finder, cleanNames } = this.#treatment
    const object = this.#place.object
    if (!escaped && (finder.idle || cleanNames.has(bytes, start, end))) {
      this.#place.named(object.memberIn(bytes, start + 1, end - 1))
      return
    }
    const name = this.#strings.meaning(start, end, escaped)
    this.#place.named(object.member(name))
    if (!this.#found(bytes, start, name, edits)) cleanNames.add(bytes, start, end)
  }

  #string(bytes: Buffer, start: number, end: number, edits: Edits): void {
    const { node } = this.#place
    this.#place.value()
    const { escaped } = this.#scan
    if (node.mask !== undefined) {
      this.#replace(
        edits,
        start,
        end,
        node.mask.name,
        node.mask.string(this.#strings.meaning(start, end, escaped)),
      )
      return
    }
    if (this.#treatment.finder.idle && node.settled) return
    const text = this.#strings.meaning(start, end, escaped)
    const nested = this.#nests ? rewrittenJson(this.#treatment, text, node) : undefined
    if (nested === undefined) this.#found(bytes, start, text, edits)
    else if (nested !== text) edits.replace(start, end, JSON.stringify(nested))
  }

  #found(bytes: Buffer, start: number, text: string, edits: Edits): boolean {
    const findings = this.#treatment.finder.find(text)
    if (findings.length === 0) return false
    const spelling = new Spelling(bytes, start)
    for (const finding of findings) {
      const { text: instead, method } = finding.mask.text(text.slice(finding.start, finding.end))
      const from = spelling.of(finding.start)
      const shown = { text: JSON.stringify(instead).slice(1, -1), method }
      this.#replace(edits, from, spelling.of(finding.end), finding.mask.name, shown)
    }
    return true
  }

  /** A card may be written as a number, with an exponent too. */
  #number(start: number, end: number, byPath: ValueMask | undefined, edits: Edits): void {
    const { finder } = this.#treatment
    if (byPath === undefined && finder.idle) return
    const number = this.#strings.spelling(start, end)
    const mask = byPath ?? finder.find(plainDecimal(number) ?? number)[0]?.mask
    if (mask !== undefined) this.#replace(edits, start, end, mask.name, mask.number(number))
  }

  #replace(edits: Edits, start: number, end: number, name: string, { text, method }: Shown): void {
    this.#treatment.tally.add(name, method)
    edits.replace(start, end, text)
  }
}

const space = Buffer.from(' ')

/** The same text when nothing in it is masked; `undefined` when it is no object or array of JSON. */
export function rewrittenJson(treatment: Treatment, text: string, node: PathNode): string | undefined {
  if (!opensJson(text) || parsedJson(text) === undefined) return undefined
  return rewrittenDocument(new JsonRewriter(treatment, node, false), text)
}

/** Asked of every string: whether its first character that is no space opens an object or an array. */
function opensJson(text: string): boolean {
  let at = 0
  let first = text.charCodeAt(0)
  while (
    first === sign.space ||
    first === sign.newline ||
    first === sign.tab ||
    first === sign.carriageReturn
  )
    first = text.charCodeAt(++at)
  return first === sign.openObject || first === sign.openArray
}

/** A whole document, of which it is known that it is one. */
export function rewrittenDocument(rewriter: JsonRewriter, text: string): string {
  const bytes = Buffer.from(text)
  const first = rewriter.push(bytes)
  const last = rewriter.end()
  if (last.length === 0 && first.equals(bytes)) return text
  return first.toString() + last.toString()
}

/** `undefined` when it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
