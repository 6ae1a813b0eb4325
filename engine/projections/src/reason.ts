import type { Verdict } from '@sluice/core'

/** Why, in the words of the rules, each once. `verdicts`: as recorded (JSON). */
export function reasonOf(verdicts: string): string {
  const parsed = JSON.parse(verdicts) as readonly Pick<Verdict, 'reasons'>[]
  return [...new Set(parsed.flatMap(({ reasons }) => reasons.map(({ message }) => message)))].join(' ')
}
