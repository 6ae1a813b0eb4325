import { Edits } from './edits.ts'
import type { Finding } from './finder.ts'
import { JsonLooks, type Looked } from './json-looks.ts'
import { JsonPlace } from './json-place.ts'
import { isInteger, notJson, numberEnd, sign, Spelling, Strings, StringScan, wordEnd } from './json-tokens.ts'
import { nestedMax } from './limits.ts'
import { ModelAnswer } from './model-answer.ts'
import type { PathNode } from './path-tree.ts'
import { plainDecimal } from './plain-decimal.ts'
import { SeenNames } from './seen-names.ts'
import { Tail } from './tail.ts'
import type { Rewriter, Treatment } from './treatment.ts'
import { Unreadable } from './unreadable.ts'
import type { Shown } from './value-mask.ts'

/**
 * One document of JSON, read token by token. Whatever is not masked leaves byte for byte as it came: numbers, spaces
 * and escapes keep their spelling. What a path masks is replaced whole; of other strings and of names what a detector
 * finds is replaced, and of numbers all of it. A string that is itself JSON is read as such, and so are strings in it. What
 * repeats a text token by token is left out where detectors look: none would find a value in its pieces.
 */
export class JsonRewriter implements Rewriter {
  readonly #treatment: Treatment
  readonly #place: JsonPlace
  /** How many documents strings may hold within each other. */
  readonly #levels: number
  readonly #tail = new Tail()
  readonly #scan = new StringScan()
  /** Something else than spaces has come. */
  #begun = false
  #strings = new Strings(space)
  /** Of this piece: detectors look at all of it at once. */
  #looks = new JsonLooks()
  /** Names among them, and where the same names stand again. */
  #askedNames = new SeenNames()
  #repeatedNames: { readonly start: number; readonly end: number }[] = []
  /** The member just named holds tokens. */
  #tokens = false
  readonly #model: ModelAnswer
  #left: LeftOut | undefined

  constructor(treatment: Treatment, root: PathNode = treatment.root, levels: number = nestedMax) {
    this.#treatment = treatment
    this.#place = new JsonPlace(root)
    this.#levels = levels
    this.#model = new ModelAnswer(levels === nestedMax)
  }

  push(piece: Buffer): Buffer {
    const bytes = this.#tail.with(piece)
    const edits = new Edits(bytes)
    this.#strings = new Strings(bytes)
    let at = 0
    if (this.#left !== undefined) this.#left.from = 0
    while (at < bytes.length) {
      const next = this.#token(bytes, at, edits)
      if (next < 0) break
      at = next
    }
    this.#leaveOut(at, edits)
    this.#look(bytes, edits)
    this.#tail.keep(bytes, at)
    return edits.upTo(at)
  }

  /** The end of the document, behind which another may begin. None at all is no error: there is nothing to hide. */
  end(): Buffer {
    // Behind a number must come something that is not of it.
    const last = this.push(space)
    if (this.#begun && (this.#tail.length > 0 || !this.#place.complete)) throw notJson()
    this.#place.restart()
    this.#model.restart()
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
        this.#open('object', at)
        break
      case sign.openArray:
        this.#open('array', at)
        break
      case sign.closeObject:
        this.#close('object', at, edits)
        break
      case sign.closeArray:
        this.#close('array', at, edits)
        break
      default:
        return this.#scalar(bytes, at, edits)
    }
    this.#begun = true
    return at + 1
  }

  #open(kind: 'object' | 'array', at: number): void {
    const { depth } = this.#place
    this.#place.open(kind)
    if (this.#tokens) this.#left = { depth, from: at, instead: kind === 'array' ? '[]' : 'null' }
    this.#tokens = false
  }

  #close(kind: 'object' | 'array', at: number, edits: Edits): void {
    this.#place.close(kind)
    if (this.#left?.depth !== this.#place.depth) return
    this.#leaveOut(at + 1, edits)
    this.#left = undefined
  }

  /** What has come of it in this piece. */
  #leaveOut(to: number, edits: Edits): void {
    const left = this.#left
    if (left === undefined || to === left.from) return
    edits.replace(left.from, to, left.instead)
    left.instead = ''
  }

  #scalar(bytes: Buffer, at: number, edits: Edits): number {
    this.#begun = true
    const first = bytes[at] ?? 0
    if (first === sign.quote) {
      const end = this.#scan.end(bytes, at)
      if (end < 0) return end
      if (this.#place.atName) this.#name(bytes, at, end)
      else this.#string(bytes, at, end, edits)
      return end
    }
    const isNumber = first === sign.minus || (first >= sign.zero && first <= sign.nine)
    const end = isNumber ? numberEnd(bytes, at) : wordEnd(bytes, at)
    if (end < 0) return end
    const { mask } = this.#place.node
    this.#place.value()
    this.#tokens = false
    if (this.#left !== undefined) return end
    if (isNumber) this.#number(bytes, at, end, edits)
    else if (mask !== undefined && first !== sign.n) this.#replace(edits, at, end, mask.name, mask.boolean())
    return end
  }

  /** Names may be values, as in a map from addresses to people. */
  #name(bytes: Buffer, start: number, end: number): void {
    if (this.#left !== undefined) return this.#place.named(this.#place.object)
    const { escaped, literal } = this.#scan
    const { finder, cleanNames } = this.#treatment
    const object = this.#place.object
    const asked = this.#askedNames.has(bytes, start, end)
    if (!escaped && (finder.idle || asked || cleanNames.has(bytes, start, end))) {
      this.#tokens = !finder.idle && this.#model.named(this.#place, bytes, start + 1, end - 1)
      this.#place.named(object.memberIn(bytes, start + 1, end - 1))
      if (asked) this.#repeatedNames.push({ start, end })
      return
    }
    const name = this.#strings.meaning(start, end, escaped)
    const spelled = Buffer.from(name)
    this.#tokens = !finder.idle && this.#model.named(this.#place, spelled, 0, spelled.length)
    this.#place.named(object.member(name))
    this.#lookAt({ kind: 'name', start, end, text: literal ? null : name })
    if (!escaped) this.#askedNames.add(bytes, start, end)
  }

  #string(bytes: Buffer, start: number, end: number, edits: Edits): void {
    const { node } = this.#place
    this.#place.value()
    this.#tokens = false
    if (this.#left !== undefined) return
    const { mask } = node
    const { escaped, literal } = this.#scan
    if (mask === undefined && this.#treatment.finder.idle && node.settled) return
    if (mask === undefined && literal && !opensJson(bytes, start + 1))
      return this.#lookAt({ kind: 'string', start, end, text: null })
    const text = this.#strings.meaning(start, end, escaped)
    if (mask !== undefined) return this.#replace(edits, start, end, mask.name, mask.string(text))
    const nested = rewrittenJson(this.#treatment, text, node, this.#levels)
    if (nested === undefined) this.#lookAt({ kind: 'string', start, end, text })
    else if (nested !== text) edits.replace(start, end, JSON.stringify(nested))
  }

  /** A card may be written as a number, with an exponent too. */
  #number(bytes: Buffer, start: number, end: number, edits: Edits): void {
    const { mask } = this.#place.node
    if (mask === undefined && this.#treatment.finder.idle) return
    if (mask === undefined && isInteger(bytes, start, end))
      return this.#lookAt({ kind: 'number', start, end, text: null })
    const number = this.#strings.spelling(start, end)
    if (mask !== undefined) return this.#replace(edits, start, end, mask.name, mask.number(number))
    this.#lookAt({ kind: 'number', start, end, text: plainDecimal(number) ?? number })
  }

  #lookAt(part: Looked): void {
    if (!this.#treatment.finder.idle) this.#looks.add(part)
  }

  #look(bytes: Buffer, edits: Edits): void {
    const { finder, cleanNames } = this.#treatment
    const { parts, found } = this.#looks.findBy(finder, bytes)
    if (parts.length === 0) return
    let inNames = false
    for (const [index, { kind, start, end, text }] of parts.entries()) {
      const findings = found.get(index)
      const mask = findings?.[0]?.mask
      if (findings === undefined || mask === undefined) {
        if (kind === 'name') cleanNames.add(bytes, start, end)
      } else if (kind === 'number')
        this.#replace(edits, start, end, mask.name, mask.number(text ?? this.#strings.spelling(start, end)))
      else
        this.#replaceParts(
          new Spelling(bytes, start, text === null),
          text ?? this.#strings.spelling(start + 1, end - 1),
          findings,
          edits,
        )
      inNames ||= kind === 'name' && findings !== undefined
    }
    for (const { start, end } of inNames ? this.#repeatedNames : []) {
      const name = this.#strings.meaning(start, end, false)
      this.#replaceParts(new Spelling(bytes, start, false), name, finder.findWhole(name), edits)
    }
    this.#looks = new JsonLooks()
    this.#askedNames = new SeenNames()
    this.#repeatedNames = []
  }

  #replaceParts(spelling: Spelling, text: string, findings: readonly Finding[], edits: Edits): void {
    for (const { start, end, mask } of findings) {
      const shown = mask.partOfString(text.slice(start, end))
      this.#replace(edits, spelling.of(start), spelling.of(end), mask.name, shown)
    }
  }

  #replace(edits: Edits, start: number, end: number, name: string, { text, method }: Shown): void {
    this.#treatment.tally.add(name, method)
    edits.replace(start, end, text)
  }
}

/** A value that is left out, and what stands in its place until that is told. */
interface LeftOut {
  /** How much is open around it. */
  readonly depth: number
  /** In the piece that is read. */
  from: number
  instead: string
}

const space = Buffer.from(' ')

/** The same text when nothing in it is masked; `undefined` when it is no object or array of JSON, nor a string that is one. */
export function rewrittenJson(
  treatment: Treatment,
  text: string,
  node: PathNode,
  levels: number = nestedMax,
): string | undefined {
  if (!/^[ \t\n\r]*[[{"]/.test(text) || parsedJson(text) === undefined) return undefined
  if (levels > 0) return rewrittenDocument(new JsonRewriter(treatment, node, levels - 1), text)
  if (!node.settled) throw new Unreadable('JSON is nested in strings too deep')
  return undefined
}

/** Asked of every string: whether its first character that is no space opens an object or an array. */
function opensJson(bytes: Buffer, start: number): boolean {
  let at = start
  while (bytes[at] === sign.space) at++
  return bytes[at] === sign.openObject || bytes[at] === sign.openArray
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
