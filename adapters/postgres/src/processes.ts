import { back } from './messages.ts'
import { headerBytes } from './wire.ts'

/**
 * Which process id each client was given, by that of the server's process that works for it. A notification names the
 * process that it comes from, so that who listens knows its own: the server's own number says nothing to a client, and would
 * tell of processes that are none of its business.
 */
export class Processes {
  readonly #given = new Map<number, number>()

  /** Until it is disposed of. A connection that is lent again has its next client's. */
  give(serverId: number, clientId: number): Disposable {
    this.#given.set(serverId, clientId)
    return {
      [Symbol.dispose]: () => {
        if (this.#given.get(serverId) === clientId) this.#given.delete(serverId)
      },
    }
  }

  /** Writes what its client was given over the process id of a NotificationResponse; 0 for one that works for nobody here. */
  rename(message: Buffer): void {
    if (message[0] !== back.notificationResponse || message.length < headerBytes + 4) return
    const given = this.#given.get(message.readInt32BE(headerBytes)) ?? 0
    message.writeInt32BE(given, headerBytes)
  }
}
