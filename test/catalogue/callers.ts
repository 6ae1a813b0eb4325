import type { DemoSubject } from '@sluice/demo'
import { WireClient } from '../src/index.ts'
import type { Guard } from './laboratory.ts'

/**
 * Callers who are logged in. A refusal must not cost a connection, so the next attack comes by the same one, and finds
 * out whether the one before has left something behind.
 */
export class Callers {
  readonly #waiting = new Map<string, WireClient>()

  async take(guard: Guard, subject: DemoSubject): Promise<WireClient> {
    const key = `${guard.policy} ${subject}`
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (waiting !== undefined && !waiting.closed) return waiting
    return WireClient.login(await guard.gateway.login(subject, 'shop'))
  }

  giveBack(guard: Guard, subject: DemoSubject, client: WireClient): void {
    this.#waiting.set(`${guard.policy} ${subject}`, client)
  }

  /** The database that they are connected to is replaced. */
  dismiss(): void {
    for (const client of this.#waiting.values()) client.destroy()
    this.#waiting.clear()
  }
}
