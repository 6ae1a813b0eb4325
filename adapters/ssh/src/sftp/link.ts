import type { Duplex } from 'node:stream'
import { Fields, text, u32 } from '../wire.ts'
import { packetOf, PacketCutter, types, type Packet } from './packet.ts'

/** What the target answered; the id is that of the gateway and means nothing to anybody else. */
export type Answer = Omit<Packet, 'id'>

/** The SFTP server of the target, over one channel. Every request has an id of the gateway's own. */
export class Link {
  readonly #channel: Duplex
  readonly #cutter = new PacketCutter()
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>()
  readonly #greeted = Promise.withResolvers<ReadonlyMap<string, string>>()
  #next = 0
  #failure: Error | undefined

  constructor(channel: Duplex) {
    this.#channel = channel
    this.#greeted.promise.catch(() => {})
    channel.on('data', (chunk: Buffer) => this.#receive(chunk))
    channel.on('close', () => this.#fail(new Error('the target closed the channel')))
    channel.on('error', (error: Error) => this.#fail(error))
  }

  /** Begins version 3. Resolves with the extensions that the target offers. */
  greet(): Promise<ReadonlyMap<string, string>> {
    this.#channel.write(Buffer.concat([u32(5), Buffer.from([types.init]), u32(3)]))
    return this.#greeted.promise
  }

  /** Sends at once. Rejects when the target is gone. */
  ask(type: number, ...fields: readonly Buffer[]): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#next = (this.#next + 1) >>> 0
    const id = this.#next
    const answer = Promise.withResolvers<Answer>()
    this.#waiting.set(id, answer)
    this.#channel.write(packetOf({ type, id, fields: Buffer.concat(fields) }))
    return answer.promise
  }

  end(): void {
    this.#channel.end()
  }

  #receive(chunk: Buffer): void {
    try {
      for (const packet of this.#cutter.push(chunk)) this.#answer(packet)
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error('the target sends no SFTP'))
      this.#channel.destroy()
    }
  }

  #answer({ type, id, fields }: Packet): void {
    if (type === types.version) {
      if (id !== 3) throw new Error(`the target speaks version ${id} of SFTP`)
      this.#greeted.resolve(offered(fields))
      return
    }
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) throw new Error('the target answers what nobody asked')
    this.#waiting.delete(id)
    waiting.resolve({ type, fields })
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#greeted.reject(error)
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

function offered(fields: Buffer): ReadonlyMap<string, string> {
  const reader = new Fields(fields)
  const found = new Map<string, string>()
  while (reader.left > 0) found.set(reader.string().toString('latin1'), reader.string().toString('latin1'))
  return found
}

/** What the caller is told it may use: what both sides know. */
export function versionPacket(
  known: ReadonlyMap<string, string>,
  offers: ReadonlyMap<string, string>,
): Packet {
  const both = [...known].filter(([name, version]) => offers.get(name) === version)
  return { type: types.version, id: 3, fields: Buffer.concat(both.flat().map((word) => text(word))) }
}
