import { refusal, Refused } from '@sluice/core'

/**
 * For what takes a processor and much memory for a while: one after the other. Whoever comes while `waitingMax` others wait is
 * told to come again, by `Refused('too_many')` with this message.
 */
export function inTurn(waitingMax: number, message: string): <T>(work: () => Promise<T>) => Promise<T> {
  let here = 0
  let before: Promise<unknown> = Promise.resolve()
  return async (work) => {
    if (here > waitingMax) throw new Refused(refusal('too_many', 'api/policy', message))
    here += 1
    const mine = before.then(work)
    before = mine.catch(() => {})
    try {
      return await mine
    } finally {
      here -= 1
    }
  }
}
