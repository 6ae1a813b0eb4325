import { refusal, Refused } from '@sluice/core'
import type { CellBatch } from '@sluice/masking'
import { asText, withoutLengths, type ColumnLook } from './column-look.ts'

/** A value that is looked at with others, and where it stands. */
export interface Looked {
  readonly from: number
  readonly next: number
  readonly look: Exclude<ColumnLook, null>
  readonly place: number
}

/** The place of the value in the batch. */
export function added(value: Buffer, look: Looked['look'], batch: CellBatch): number {
  if (look.kind === 'replaced') return batch.add(value, look.look)
  return batch.add(look.format === 'binary' ? withoutLengths(value) : value, asText)
}

/** What stands in the place of the value; `undefined` when nothing was found in it. Throws `Refused`. */
export function found({ place, look }: Looked, batch: CellBatch): Buffer | undefined {
  const shown = batch.at(place)
  if (shown !== undefined && look.kind === 'refused') throw new Refused(unmaskable)
  return shown
}

const unmaskable = refusal(
  'denied',
  'adapter/detectors',
  'Something was found in a column of a type in which it cannot be masked: select other columns, or parts of this one as text',
)
