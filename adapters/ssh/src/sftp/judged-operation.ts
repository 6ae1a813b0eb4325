import type { Action, Hold } from '@sluice/core'
import { Judged } from '../judged.ts'
import type { Operation } from './request.ts'

/** Where the values of an operation are: the log keeps them sealed. */
const valueFields: readonly string[] = ['paths']

/** What every operation over SFTP has, whatever becomes of it. */
export class JudgedOperation extends Judged {
  readonly actions: readonly [Action]
  readonly sealed: readonly string[] = valueFields
  readonly #tell: (text: string) => void

  /** What is judged is all of it: as whom, what it means, and the type and the fields that go to the target. */
  constructor(action: Operation, login: string, packet: Buffer, tell: (text: string) => void) {
    const command = statementOf(action)
    super(
      Buffer.from(JSON.stringify({ kind: 'sftp', login, command, packet: packet.toString('base64') })),
      `${login}: ${command}`,
    )
    this.actions = [{ ...action, login }]
    this.#tell = tell
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
