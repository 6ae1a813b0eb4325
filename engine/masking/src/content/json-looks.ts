import { between, type Finder, type Finding } from './finder.ts'
import type { Span } from '../detector.ts'

/** A part of a document into which detectors look, and where it stands there, in bytes, with its quotes. */
export interface Looked {
  readonly kind: 'name' | 'string' | 'number'
  readonly start: number
  readonly end: number
  /** What it means; `null`: its bytes are ASCII and mean themselves. */
  readonly text: string | null
}

/**
 * The parts of one piece of a document into which detectors look, all at once. Those that mean what their bytes say are
 * looked at where they stand, in a copy in which all around them is blank: a string for each of them would cost more than
 * all that is done with it.
 */
export class JsonLooks {
  #literal: Looked[] = []
  #spelled: Looked[] = []

  /** In the order in which they stand. */
  add(part: Looked): void {
    if (part.text === null) this.#literal.push(part)
    else this.#spelled.push(part)
  }

  /** What is found in the parts of these bytes, and the parts. */
  findBy(finder: Finder, bytes: Buffer): JsonFindings {
    const parts = [...this.#literal, ...this.#spelled]
    if (parts.length === 0) return { parts, found: new Map() }
    const places = this.#literal.map(insideOf)
    let text = blanked(bytes, places)
    for (const { text: more } of this.#spelled) {
      text += between
      places.push({ start: text.length, end: text.length + (more?.length ?? 0) })
      text += more
    }
    const found = finder.findIn({ text, places }, (place) => parts[place]?.kind === 'number')
    return { parts, found }
  }
}

/** By the places of the parts. */
export interface JsonFindings {
  readonly parts: readonly Looked[]
  readonly found: ReadonlyMap<number, readonly Finding[]>
}

function insideOf({ kind, start, end }: Looked): Span {
  return kind === 'number' ? { start, end } : { start: start + 1, end: end - 1 }
}

/** The bytes up to the last place as characters, U+0000 wherever there is no place. */
function blanked(bytes: Buffer, places: readonly Span[]): string {
  const last = places.at(-1)?.end ?? 0
  const copy = last > scratch.length ? Buffer.allocUnsafe(last) : scratch
  bytes.copy(copy, 0, 0, last)
  let at = 0
  for (const { start, end } of places) {
    while (at < start) copy[at++] = 0
    at = end
  }
  return copy.toString('latin1', 0, last)
}

/** What most pieces fit into. */
const scratch = Buffer.alloc(65_536)
