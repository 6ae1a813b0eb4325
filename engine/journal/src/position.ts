import type { Position } from '@sluice/core'

/** Where an event is: its segment, where its frame begins there, and its index in it. */
export interface Place {
  readonly segment: number
  readonly offset: number
  readonly index: number
}

export function positionOf({ segment, offset, index }: Place): Position {
  return `${segment}:${offset}:${index}` as Position
}

/** Throws for what no log of this kind gave out. */
export function placeOf(position: Position): Place {
  const match = /^([1-9]\d{0,9}):(\d{1,15}):(\d{1,9})$/.exec(position)
  if (match === null) throw new RangeError('this is not a position in an embedded log')
  return { segment: Number(match[1]), offset: Number(match[2]), index: Number(match[3]) }
}
