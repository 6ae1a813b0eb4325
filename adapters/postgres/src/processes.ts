import { back } from './messages.ts'
import { headerBytes } from './wire.ts'

/** A notification may come long after its sender has left: whoever listens in a transaction hears it at the end of that. */
const departedMax = 4_096

/**
 * Which process id each client was given, by that of the server's process that works for it. A notification names the
 * process that it comes from, so that who listens knows its own: the server's own number says nothing to a client, and would
 * tell of processes that are none of its business. Of those that have left the last are remembered.
 */
export class Processes {
  readonly #given = new Map<number, number>()
  readonly #departed = new Map<number, number>()

  /** Until it is disposed of. A connection that is lent again has its next client's. */
  give(serverId: number, clientId: number): Disposable {
    this.#given.set(serverId, clientId)
    this.#departed.delete(serverId)
    return {
      [Symbol.dispose]: () => {
        if (this.#given.get(serverId) !== clientId) return
        this.#given.delete(serverId)
        this.#remember(serverId, clientId)
      },
    }
  }

  /** Writes what its client was given over the process id of a NotificationResponse; 0 for one that works for nobody here. */
  rename(message: Buffer): void {
    if (message[0] !== back.notificationResponse || message.length < headerBytes + 4) return
    const serverId = message.readInt32BE(headerBytes)
    message.writeInt32BE(this.#given.get(serverId) ?? this.#departed.get(serverId) ?? 0, headerBytes)
  }

  #remember(serverId: number, clientId: number): void {
    this.#departed.set(serverId, clientId)
    const [oldest] = this.#departed.keys()
    if (oldest !== undefined && this.#departed.size > departedMax) this.#departed.delete(oldest)
  }
}
