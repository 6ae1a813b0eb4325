import { createHash } from 'node:crypto'
import type { Action, Hold } from '@sluice/core'
import type { Operation } from './request.ts'

/** Where the values of an operation are: the log keeps them sealed. */
export const valueFields: readonly string[] = ['paths']

/** What every operation over SFTP has, whatever becomes of it. */
export class Judged {
  readonly actions: readonly [Action]
  readonly content: Buffer
  readonly sealed: readonly string[] = valueFields
  readonly #login: string
  readonly #tell: (text: string) => void

  /** `packet`: type and fields, exactly as they go to the target. */
  constructor(action: Operation, login: string, packet: Buffer, tell: (text: string) => void) {
    this.actions = [{ ...action, login }]
    this.content = packet
    this.#login = login
    this.#tell = tell
  }

  bound(): Uint8Array {
    return createHash('sha256').update(this.#login).update('\0').update(this.content).digest()
  }

  shown(): Uint8Array {
    const [{ name, ...rest }] = this.actions
    const paths = (rest as unknown as Operation).paths.map(({ path }) => path)
    const statement = `${this.#login}: ${name} ${paths.join(' → ')}`
    return Buffer.from(JSON.stringify({ statement, parameters: [], literals: [[]], related: null }))
  }

  held({ reference, message, waitMs }: Hold): Disposable {
    const until = Math.round(waitMs / 1_000)
    this.#tell(`waiting for a person’s approval (ref ${reference}), at most ${until} s: ${message}`)
    return { [Symbol.dispose]: () => {} }
  }
}
