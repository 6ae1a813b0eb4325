import { refusal, Refused, type Refusal } from '@sluice/core'
import { closedWorldRule } from '../walk/objection.ts'
import { Cursor, headerBytes } from '../wire.ts'
import type { CopyFormat } from './format.ts'

/**
 * CopyOutResponse (PostgreSQL 15 §55.7) says the format of all, and of each column. It must be what the server was asked
 * about before. Throws `Refused`.
 */
export function checkCopied(response: Buffer, { kind }: CopyFormat, columns: number): void {
  const cursor = new Cursor(response, headerBytes)
  const format = kind === 'binary' ? 1 : 0
  const overall = cursor.int8()
  const formats = Array.from({ length: cursor.uint16() }, () => cursor.int16())
  if (formats.length !== columns) throw new Refused(otherColumns)
  if ([overall, ...formats].some((each) => each !== format)) throw new Refused(undescribed)
}

const closed = (why: string): Refusal => refusal('denied', closedWorldRule, why)
export const undescribed: Refusal = closed(
  'The answer does not say which columns it holds, and its table has masked ones',
)
const otherColumns = closed(
  'COPY leaves out columns of the table, as it does with generated ones, and what it hands out is masked: name the columns you need',
)
