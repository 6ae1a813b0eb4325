import { hash } from 'node:crypto'
import { Refused, tokenIn, type Gate, type Hello, type Session } from '@sluice/core'
import type { HttpSettings } from './target.ts'

/** One that was not used for so long is over. */
const idleMs = 300_000

type HttpSession = Session<HttpSettings>

interface Known {
  readonly opening: Promise<HttpSession>
  /** Nobody finds it any more: it is over when what runs in it is. */
  left: boolean
  users: number
  idle: NodeJS.Timeout | undefined
}

/** A session in use; it cannot become idle before it is given back. */
export interface Lease extends Disposable {
  readonly session: HttpSession
}

/**
 * HTTP has no sessions: what comes with one token, from one address, to one target is one, until nothing has come for
 * five minutes. The token is looked at by the core at each exchange, and whole by the gate whenever a session begins.
 */
export class Sessions {
  readonly #gate: Gate<HttpSettings>
  readonly #known = new Map<string, Known>()

  constructor(gate: Gate<HttpSettings>) {
    this.#gate = gate
  }

  /** Rejects with `Refused`. */
  async take(hello: Hello): Promise<Lease> {
    const key = keyOf(hello)
    const known = this.#known.get(key) ?? this.#begin(key, hello)
    known.users += 1
    clearTimeout(known.idle)
    try {
      const session = await known.opening
      if (session.extended) {
        // It lives on by a later token. This one counts for itself, and maybe no more.
        this.#leave(key, known)
        return await this.take(hello)
      }
      if (session.ending.requested !== undefined) throw new Refused(session.ending.requested)
      return { session, [Symbol.dispose]: () => this.#giveBack(key, known) }
    } catch (error) {
      this.#giveBack(key, known)
      throw error
    }
  }

  async close(): Promise<void> {
    const all = [...this.#known.values()]
    this.#known.clear()
    await Promise.all(
      all.map(async ({ opening, idle }) => {
        clearTimeout(idle)
        await opening.then((session) => session.close('the gateway stopped')).catch(() => {})
      }),
    )
  }

  #begin(key: string, hello: Hello): Known {
    const known: Known = { opening: this.#gate.open(hello), left: false, users: 0, idle: undefined }
    this.#known.set(key, known)
    known.opening.then(
      (session) => session.ending.on(({ rule }) => this.#end(key, known, rule)),
      () => this.#forget(key, known),
    )
    return known
  }

  #giveBack(key: string, known: Known): void {
    known.users -= 1
    if (known.left && known.users === 0) return this.#end(key, known, 'extended')
    // One that is over, or never began, cannot become idle.
    if (known.users > 0 || this.#known.get(key) !== known) return
    known.idle = setTimeout(() => this.#end(key, known, 'idle'), idleMs).unref()
  }

  /** What runs in it may finish; who comes with its first token is looked at anew. */
  #leave(key: string, known: Known): void {
    this.#forget(key, known)
    known.left = true
    this.#giveBack(key, known)
  }

  #end(key: string, known: Known, reason: string): void {
    clearTimeout(known.idle)
    this.#forget(key, known)
    void known.opening.then((session) => session.close(reason)).catch(() => {})
  }

  #forget(key: string, known: Known): void {
    if (this.#known.get(key) === known) this.#known.delete(key)
  }
}

/** A session outlives its requests by minutes, and must not keep the token for as long. */
function keyOf({ client, target, proof }: Hello): string {
  return hash('sha256', `${client.ip}\0${target}\0${tokenIn(proof)}`, 'base64')
}
