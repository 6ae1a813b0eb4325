import { createHash } from 'node:crypto'
import type { Action, Exchange, Obliged, Permit, Refusal, Shown, Verdict } from '@sluice/core'
import { signalAction } from './normalise.ts'

/** Names of signals, as the protocol has them (RFC 4254 §6.10) and some systems besides. */
const known = new Set('ABRT ALRM FPE HUP ILL INT KILL PIPE QUIT SEGV TERM USR1 USR2 INFO'.split(' '))

/** Whether there is a signal of that name. */
export function isSignal(name: string): boolean {
  return known.has(name)
}

/** A signal for what runs: it is judged and recorded, and has no answer. */
export class SignalExchange implements Exchange<never, never, null> {
  readonly actions: readonly [Action, ...Action[]]
  readonly content: Buffer
  readonly body: AsyncIterable<never> = nothing
  readonly #name: string
  readonly #send: (name: string) => void

  constructor(login: string, name: string, send: (name: string) => void) {
    this.#name = name
    this.#send = send
    this.actions = [signalAction(login, name)]
    this.content = Buffer.from(JSON.stringify({ kind: 'signal', login, name }))
  }

  oblige(_verdicts: readonly Verdict[]): Obliged<null> {
    return { kind: 'plan', plan: null }
  }

  bound(): Uint8Array {
    return createHash('sha256').update(this.content).digest()
  }

  shown(): Uint8Array {
    return Buffer.from(
      JSON.stringify({ statement: `signal ${this.#name}`, parameters: [], literals: [[]], related: null }),
    )
  }

  held(): Disposable {
    return { [Symbol.dispose]: () => {} }
  }

  forward(permit: Permit): AsyncIterable<never> {
    permit.spend(this.content)
    this.#send(this.#name)
    return nothing
  }

  maskBody(): AsyncIterable<Shown<never>> {
    return nothing
  }

  mask(): AsyncIterable<Shown<never>> {
    return nothing
  }

  reply(): void {}

  refuse(_refusal: Refusal): AsyncIterable<never> {
    return nothing
  }

  skip(): AsyncIterable<never> {
    return nothing
  }
}

const nothing: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}
