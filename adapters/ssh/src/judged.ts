import { createHash } from 'node:crypto'
import type { Refusal, Shown } from '@sluice/core'

/** What every exchange over SSH has, whatever becomes of it. */
export class Judged {
  /** Exactly what is judged: all that changes what it does. */
  readonly content: Buffer
  readonly #statement: string

  /** `statement`: the same for people, without secrets. */
  constructor(content: Buffer, statement: string) {
    this.content = content
    this.#statement = statement
  }

  bound(): Uint8Array {
    return createHash('sha256').update(this.content).digest()
  }

  shown(): Uint8Array {
    return Buffer.from(
      JSON.stringify({ statement: this.#statement, parameters: [], literals: [[]], related: null }),
    )
  }
}

/** One that has neither a body nor an answer, nor a place where its caller could be told to wait. */
export class Unanswered extends Judged {
  readonly body: AsyncIterable<never> = nothing

  held(): Disposable {
    return { [Symbol.dispose]: () => {} }
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

export const nothing: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}
