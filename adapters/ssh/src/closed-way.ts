import { createHash } from 'node:crypto'
import type { Action, Exchange, Obliged, Permit, Refusal, Shown } from '@sluice/core'

/**
 * What would open a way past commands and is not performed here: it is recorded as refused, with why. `refused` answers
 * the caller in the protocol's own way.
 */
export class ClosedWay implements Exchange<never, never, null> {
  readonly actions: readonly [Action, ...Action[]]
  readonly content: Buffer
  readonly objection: Refusal
  readonly body: AsyncIterable<never> = nothing
  readonly #refused: (reason: Refusal) => void

  constructor(action: Action, objection: Refusal, refused: (reason: Refusal) => void) {
    this.actions = [action]
    this.content = Buffer.from(JSON.stringify(action))
    this.objection = objection
    this.#refused = refused
  }

  oblige(): Obliged<null> {
    return { kind: 'refused', refusal: this.objection }
  }

  bound(): Uint8Array {
    return createHash('sha256').update(this.content).digest()
  }

  shown(): Uint8Array {
    const statement = this.actions[0].name
    return Buffer.from(JSON.stringify({ statement, parameters: [], literals: [[]], related: null }))
  }

  held(): Disposable {
    return { [Symbol.dispose]: () => {} }
  }

  forward(_permit: Permit): AsyncIterable<never> {
    throw new Error('nothing of this is performed')
  }

  maskBody(): AsyncIterable<Shown<never>> {
    return nothing
  }

  mask(): AsyncIterable<Shown<never>> {
    return nothing
  }

  reply(): void {}

  refuse(reason: Refusal): AsyncIterable<never> {
    this.#refused(reason)
    return nothing
  }

  skip(): AsyncIterable<never> {
    return nothing
  }
}

const nothing: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}
