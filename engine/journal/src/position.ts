import type { Position } from '@sluice/core'

/**
 * Where an event is: its segment, where its frame begins there, and its index in it. `left`: where it was, and that it was
 * read in what is left of segments that were removed.
 */
export interface Place {
  readonly segment: number
  readonly offset: number
  readonly index: number
  readonly left?: true
}

export function positionOf({ segment, offset, index, left }: Place): Position {
  return `${segment}:${offset}:${index}${left === true ? 'x' : ''}` as Position
}

/** Throws for what no log of this kind gave out. */
export function placeOf(position: Position): Place {
  const match = /^([1-9]\d{0,9}):(\d{1,15}):(\d{1,9})(x?)$/.exec(position)
  if (match === null) throw new RangeError('this is not a position in an embedded log')
  const place = { segment: Number(match[1]), offset: Number(match[2]), index: Number(match[3]) }
  return match[4] === 'x' ? { ...place, left: true } : place
}
