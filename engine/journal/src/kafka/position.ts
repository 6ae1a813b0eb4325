import type { Position } from '@sluice/core'
import { partitions } from './partition.ts'

/** In one partition: the record to read next, and how many of its events were seen. */
export interface Place {
  readonly offset: number
  readonly seen: number
}

const start: Place = { offset: 0, seen: 0 }
const mark = 'k1'

/**
 * How far a reader is in every partition. A position is that, as text: `k1`, then for each partition the offset of
 * the record that is next and, after a point, how many of its events were seen.
 */
export class Frontier {
  readonly #places: Place[]
  readonly #texts: string[]

  private constructor(places: readonly Place[]) {
    this.#places = [...places]
    this.#texts = places.map(textOf)
  }

  static start(): Frontier {
    return new Frontier(partitions.map(() => start))
  }

  /** Throws for what no log of this kind gave out. */
  static of(position: Position | undefined): Frontier {
    if (position === undefined) return Frontier.start()
    const [first, ...texts] = position.split(',')
    const places = texts.map(placeOf)
    if (first !== mark || places.length !== partitions.length || places.includes(null))
      throw new RangeError('this is not a position in a log on Kafka')
    return new Frontier(places.filter((place) => place !== null))
  }

  at(partition: number): Place {
    return this.#places[partition] ?? start
  }

  move(partition: number, place: Place): void {
    this.#places[partition] = place
    this.#texts[partition] = textOf(place)
  }

  get position(): Position {
    return `${mark},${this.#texts.join(',')}` as Position
  }
}

/** Of who has seen this of one partition, and nothing of the others. */
export function positionIn(partition: number, place: Place): Position {
  const rest = partitions.length - 1 - partition
  return `${mark},${'0,'.repeat(partition)}${textOf(place)}${',0'.repeat(rest)}` as Position
}

function textOf({ offset, seen }: Place): string {
  return seen === 0 ? `${offset}` : `${offset}.${seen}`
}

function placeOf(text: string): Place | null {
  const match = /^(\d{1,15})(?:\.(\d{1,9}))?$/.exec(text)
  return match === null ? null : { offset: Number(match[1]), seen: Number(match[2] ?? 0) }
}
