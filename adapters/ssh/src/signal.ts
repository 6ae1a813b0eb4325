import type { Action, Exchange, Obliged, Permit, Verdict } from '@sluice/core'
import { nothing, Unanswered } from './judged.ts'
import { signalAction } from './normalise.ts'

/** Names of signals, as the protocol has them (RFC 4254 §6.10) and some systems besides. */
const known = new Set('ABRT ALRM FPE HUP ILL INT KILL PIPE QUIT SEGV TERM USR1 USR2 INFO'.split(' '))

/** Whether there is a signal of that name. */
export function isSignal(name: string): boolean {
  return known.has(name)
}

/** A signal for what runs: it is judged and recorded, and has no answer. */
export class SignalExchange extends Unanswered implements Exchange<never, never, null> {
  readonly actions: readonly [Action, ...Action[]]
  readonly #name: string
  readonly #send: (name: string) => void

  constructor(login: string, name: string, send: (name: string) => void) {
    super(Buffer.from(JSON.stringify({ kind: 'signal', login, name })), `signal ${name}`)
    this.#name = name
    this.#send = send
    this.actions = [signalAction(login, name)]
  }

  oblige(_verdicts: readonly Verdict[]): Obliged<null> {
    return { kind: 'plan', plan: null }
  }

  forward(permit: Permit): AsyncIterable<never> {
    permit.spend(this.content)
    this.#send(this.#name)
    return nothing
  }
}
