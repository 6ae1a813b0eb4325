import type { CopyBody } from './copy-body.ts'
import { front } from './messages.ts'
import { ProtocolViolation } from './wire.ts'

/** What a client sends into COPY FROM STDIN on one connection (PostgreSQL 15 §55.2.6). */
export class Copying {
  /** Under way. */
  #copy: CopyBody | undefined
  /** The last that came; nothing may overtake it. */
  #last: CopyBody | undefined

  /** The next messages are its data. `undefined`: nothing changes. */
  begin(copy: CopyBody | undefined): void {
    this.#copy = copy ?? this.#copy
  }

  /** Settles when the target has what came last; `undefined` when nothing did. */
  get passed(): Promise<void> | undefined {
    return this.#last?.passed
  }

  /** Nothing more comes. */
  discard(): void {
    this.#copy?.discard()
  }

  /** Whether the message belongs to the COPY that is under way. Throws `ProtocolViolation`. */
  async takes(type: number, message: Buffer): Promise<boolean> {
    const copy = this.#copy
    if (copy === undefined) return false
    if (type === front.copyData || type === front.copyDone || type === front.copyFail) {
      await this.#data(type, message, copy)
      return true
    }
    if (type === front.terminate) return false
    const wanted = await copy.wanted
    if (!wanted || copy.over) {
      this.#copy = undefined
      return false
    }
    // While it waits for data a server ignores Flush and Sync.
    if (type === front.flush || type === front.sync) return true
    throw new ProtocolViolation(`unexpected message type ${type} during COPY from stdin`)
  }

  async #data(type: number, message: Buffer, copy: CopyBody): Promise<void> {
    if (type !== front.copyData) copy.complete = true
    await copy.push(message)
    if (type === front.copyData) return
    copy.end()
    this.#last = copy
    this.#copy = undefined
  }
}
