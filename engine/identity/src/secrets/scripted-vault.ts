import type { Clock } from '@sluice/core'
import { SecretError } from './reference.ts'
import type { Answer, Asked } from './request.ts'

/** For tests: a clock whose timers run when it is moved on. */
export class TimedClock implements Clock {
  #nowMs = 0
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>()

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  after(ms: number, callback: () => void): Disposable {
    const timer = { atMs: this.#nowMs + ms, callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  get waiting(): number {
    return this.#timers.size
  }

  /** What the timers start is given its turn before the next of them. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)
      const [next] = due
      if (next === undefined) break
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.callback()
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#nowMs = untilMs
  }
}

/** For tests: answers by a script, and keeps what it was asked. `null`: it does not answer. */
export class ScriptedVault {
  readonly asked: string[] = []
  answer: (path: string, asked: Asked) => { readonly status: number; readonly json: object } | null

  constructor(answer: ScriptedVault['answer']) {
    this.answer = answer
  }

  readonly ask = (path: string, asked: Asked): Promise<Answer> => {
    this.asked.push(`${path} ${asked.headers?.['x-vault-token'] ?? ''}`.trim())
    const answer = this.answer(path, asked)
    if (answer === null) return Promise.reject(new SecretError('it does not answer'))
    return Promise.resolve({ ...answer, json: answer.json as Answer['json'], text: '' })
  }
}
