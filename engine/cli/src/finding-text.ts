import type { FindingLine } from '@sluice/api'
import { printable } from './printable.ts'

const marks = { good: 'ok  ', advice: 'note', bad: 'FAIL' } as const

/** A line for people, and below it what to do. */
export function findingText({ state, about, detail, remedy }: FindingLine): string {
  const line = `${marks[state]}  ${printable(`${about}: ${detail}`)}\n`
  return remedy === '' ? line : `${line}      ${printable(remedy)}\n`
}
