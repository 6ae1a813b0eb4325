import type { FindingLine } from '@sluice/api'
import { printable } from './printable.ts'

const marks = { good: 'ok  ', advice: 'note', bad: 'FAIL' } as const

/** A line for people, and below it what to do. `of`: which target it is about, among several. */
export function findingText({ state, about, detail, remedy }: FindingLine, of: string | null = null): string {
  const what = of === null ? about : `${of}, ${about}`
  const line = `${marks[state]}  ${printable(`${what}: ${detail}`)}\n`
  return remedy === '' ? line : `${line}      ${printable(remedy)}\n`
}
