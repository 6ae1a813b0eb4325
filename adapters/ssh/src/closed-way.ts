import type { Action, Exchange, Obliged, Permit, Refusal } from '@sluice/core'
import { nothing, Unanswered } from './judged.ts'

/**
 * What would open a way past commands and is not performed here: it is recorded as refused, with why. `refused` answers
 * the caller in the protocol's own way.
 */
export class ClosedWay extends Unanswered implements Exchange<never, never, null> {
  readonly actions: readonly [Action, ...Action[]]
  readonly objection: Refusal
  readonly #refused: (reason: Refusal) => void

  constructor(action: Action, objection: Refusal, refused: (reason: Refusal) => void) {
    super(Buffer.from(JSON.stringify(action)), action.name)
    this.actions = [action]
    this.objection = objection
    this.#refused = refused
  }

  oblige(): Obliged<null> {
    return { kind: 'refused', refusal: this.objection }
  }

  forward(_permit: Permit): AsyncIterable<never> {
    throw new Error('nothing of this is performed')
  }

  override refuse(reason: Refusal): AsyncIterable<never> {
    this.#refused(reason)
    return nothing
  }
}
