import type { MaskCount } from '@sluice/core'
import type { Pseudonyms } from '@sluice/core/verdict'
import { inArray } from './arrays.ts'
import type { CellLook } from './cell-look.ts'
import { bytesOf, numberMask, numberText, textOf } from './cell-text.ts'
import { withoutFindings, type Finding } from './content/finder.ts'
import { JsonRewriter, rewrittenDocument, rewrittenJson } from './content/json.ts'
import { plainDecimal } from './content/plain-decimal.ts'
import type { DetectorRule } from './content/rules.ts'
import { Tally } from './content/tally.ts'
import { treatment, type Treatment } from './content/treatment.ts'
import { Undecodable } from './data-type.ts'

/** Detectors and what becomes of what they find, for values in columns. One serves any number of answers at once. */
export class CellSearch {
  readonly #treatment: Treatment
  readonly #pseudonyms: Pseudonyms | undefined

  /** Throws `InvalidMask`. */
  constructor(rules: readonly DetectorRule[], pseudonyms: Pseudonyms | undefined) {
    this.#treatment = treatment({ paths: [], detectors: rules }, pseudonyms, new Tally())
    this.#pseudonyms = pseudonyms
  }

  /** Of values that are looked at together, which costs less than one by one. */
  batch(): CellBatch {
    return new CellBatch({ ...this.#treatment, tally: new Tally() }, this.#pseudonyms)
  }
}

interface Cell {
  readonly bytes: Buffer
  readonly look: CellLook
  /** What is looked at; empty when that was done at once. */
  readonly text: string
}

/** Values are added, then `settle` looks into all of them, then each is asked for. */
export class CellBatch {
  readonly #treatment: Treatment
  readonly #pseudonyms: Pseudonyms | undefined
  #cells: Cell[] = []
  #replaced = new Map<number, Buffer>()

  constructor(how: Treatment, pseudonyms: Pseudonyms | undefined) {
    this.#treatment = how
    this.#pseudonyms = pseudonyms
  }

  /**
   * The place by which its replacement is asked for. Throws `Undecodable` for what is no value of its type. The bytes
   * must stay as they are until the batch is settled.
   */
  add(bytes: Buffer, look: CellLook): number {
    const place = this.#cells.length
    const isWhole = !look.type.array && look.as !== 'json'
    const text = isWhole ? readable(bytes, look) : ''
    const shown = isWhole ? this.#nested(bytes, text, look) : this.#alone(bytes, look)
    if (shown !== undefined && shown !== bytes) this.#replaced.set(place, shown)
    this.#cells.push({ bytes, look, text: shown === undefined ? text : '' })
    return place
  }

  settle(): void {
    const cells = this.#cells
    const found = this.#treatment.finder.findEach(
      cells.map(({ text }) => text),
      (place) => cells[place]?.look.as === 'number',
    )
    for (const [place, findings] of found) {
      const cell = cells[place]
      if (cell !== undefined)
        this.#replaced.set(place, this.#masked(cell.bytes, cell.text, findings, cell.look))
    }
  }

  /** What stands in the place of the value; `undefined` when nothing was found in it. */
  at(place: number): Buffer | undefined {
    return this.#replaced.get(place)
  }

  /** What was masked since it was asked last; `column` is the name of the detector. */
  masked(): readonly MaskCount[] {
    return this.#treatment.tally.take()
  }

  /** The same bytes when nothing is found in them. */
  #alone(bytes: Buffer, look: CellLook): Buffer {
    if (!look.type.array) return this.#value(bytes, look)
    let changed = false
    const shown = inArray(look.format, (element) => {
      const instead = this.#value(element, look)
      changed ||= instead !== element
      return instead
    })(bytes)
    // A server writes elements in its own way.
    return changed ? shown : bytes
  }

  #value(bytes: Buffer, look: CellLook): Buffer {
    if (look.as === 'json') return this.#json(bytes, look)
    const text = readable(bytes, look)
    const nested = this.#nested(bytes, text, look)
    if (nested !== undefined) return nested
    const findings = this.#treatment.finder.findEach([text], () => look.as === 'number').get(0)
    return findings === undefined ? bytes : this.#masked(bytes, text, findings, look)
  }

  /** A text may itself be JSON, whose escapes hide what stands there; `undefined` when it is none. */
  #nested(bytes: Buffer, text: string, look: CellLook): Buffer | undefined {
    if (look.as === 'number') return undefined
    const nested = rewrittenJson(this.#treatment, text, this.#treatment.root)
    if (nested === undefined) return undefined
    return nested === text ? bytes : bytesOf(nested, look)
  }

  #json(bytes: Buffer, { type, format }: CellLook): Buffer {
    const start = type.element === 'jsonb' && format === 'binary' ? 1 : 0
    if (start > 0 && bytes[0] !== jsonbVersion) throw new Undecodable(type.element)
    const text = bytes.toString('utf8', start)
    const shown = rewrittenDocument(new JsonRewriter(this.#treatment), text)
    return shown === text ? bytes : Buffer.concat([bytes.subarray(0, start), Buffer.from(shown)])
  }

  #masked(bytes: Buffer, text: string, findings: readonly Finding[], look: CellLook): Buffer {
    const { tally } = this.#treatment
    const first = findings[0]?.mask
    if (look.as === 'number' && first !== undefined) {
      const { method, replace } = numberMask(first.request, look, this.#pseudonyms)
      tally.add(first.name, method)
      return replace(bytes)
    }
    return bytesOf(withoutFindings(text, findings, tally), look)
  }
}

/** Before the text of a binary jsonb. */
const jsonbVersion = 1

/** A card may be a number, with an exponent too. */
function readable(bytes: Buffer, look: CellLook): string {
  if (look.as !== 'number') return textOf(bytes, look)
  const number = numberText(bytes, look)
  return plainDecimal(number) ?? number
}
