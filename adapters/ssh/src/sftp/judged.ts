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
  readonly #statement: string
  readonly #tell: (text: string) => void

  /** What is judged is all of it: as whom, what it means, and the type and the fields that go to the target. */
  constructor(action: Operation, login: string, packet: Buffer, tell: (text: string) => void) {
    this.actions = [{ ...action, login }]
    const command = statementOf(action)
    this.content = Buffer.from(
      JSON.stringify({ kind: 'sftp', login, command, packet: packet.toString('base64') }),
    )
    this.#statement = `${login}: ${command}`
    this.#tell = tell
  }

  bound(): Uint8Array {
    return createHash('sha256').update(this.content).digest()
  }

  shown(): Uint8Array {
    return Buffer.from(
      JSON.stringify({ statement: this.#statement, parameters: [], literals: [[]], related: null }),
    )
  }

  held({ reference, message, waitMs }: Hold): Disposable {
    const until = Math.round(waitMs / 1_000)
    this.#tell(`waiting for a person’s approval (ref ${reference}), at most ${until} s: ${message}`)
    return { [Symbol.dispose]: () => {} }
  }
}

/** For people, e.g. `sftp.rename /a → /b`. */
function statementOf({ name, paths }: Operation): string {
  return `${name} ${paths.map(({ path }) => path).join(' → ')}`
}
