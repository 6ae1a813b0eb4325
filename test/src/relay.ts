import { connect, type Socket } from 'node:net'
import { listen, type Listener } from './listener.ts'
import { MessageReader, type Message } from './message.ts'
import type { Place } from './wire-client.ts'

/** One connection that went through the relay, from its first byte. */
export interface Recorded {
  /** What the caller said: for a relay behind the gateway, every byte that reached the target. */
  readonly up: Buffer
  readonly down: Buffer
}

/** A TCP relay that keeps what passes. */
export interface Relay extends Listener {
  readonly connections: readonly Recorded[]
  /** What passes from here on. */
  mark(): Passed
}

/** What has passed since a mark; each look sees what came in the meantime. */
export interface Passed {
  /** Connections that were opened since. */
  opened(): readonly Recorded[]
  /** Bytes of every connection, without what was before. */
  up(): readonly Buffer[]
  /** The same as messages, startup packets left out. The mark must lie between two messages. */
  sent(): readonly { readonly connection: Recorded; readonly messages: readonly Message[] }[]
}

export async function startRelay(to: Place): Promise<Relay> {
  const connections: Recording[] = []
  const listener = await listen((caller) => {
    const target = connect({ ...to, noDelay: true })
    const recording = new Recording()
    connections.push(recording)
    join(caller, target, (chunk) => recording.heardUp(chunk))
    join(target, caller, (chunk) => recording.heardDown(chunk))
  })
  return {
    ...listener,
    connections,
    mark() {
      const before = connections.map(({ up }) => up.length)
      return {
        opened: () => connections.slice(before.length),
        up: () => connections.map(({ up }, index) => up.subarray(before[index] ?? 0)),
        sent: () =>
          connections.map((connection, index) => {
            const from = before[index]
            return {
              connection,
              messages: from === undefined ? messagesOf(connection) : cut(connection.up.subarray(from)),
            }
          }),
      }
    },
  }
}

class Recording implements Recorded {
  #up: Buffer[] = []
  #down: Buffer[] = []

  heardUp(chunk: Buffer): void {
    this.#up.push(chunk)
  }

  heardDown(chunk: Buffer): void {
    this.#down.push(chunk)
  }

  get up(): Buffer {
    if (this.#up.length > 1) this.#up = [Buffer.concat(this.#up)]
    return this.#up[0] ?? Buffer.alloc(0)
  }

  get down(): Buffer {
    if (this.#down.length > 1) this.#down = [Buffer.concat(this.#down)]
    return this.#down[0] ?? Buffer.alloc(0)
  }
}

function join(from: Socket, to: Socket, heard: (chunk: Buffer) => void): void {
  from.on('data', (chunk: Buffer) => {
    heard(chunk)
    if (!to.write(chunk)) {
      from.pause()
      to.once('drain', () => from.resume())
    }
  })
  from.on('error', () => to.destroy())
  from.on('end', () => to.end())
  from.on('close', () => to.destroy())
}

/** The startup parameters with which a recorded connection began; `undefined` when it was something else. */
export function startupOf({ up }: Recorded): ReadonlyMap<string, string> | undefined {
  if (up.length < 8 || up.readInt32BE(4) >> 16 !== 3) return undefined
  const words = up.subarray(8, up.readInt32BE(0)).toString().split('\0')
  return new Map(
    Array.from({ length: words.length >> 1 }, (_, i) => [words[2 * i] ?? '', words[2 * i + 1] ?? '']),
  )
}

/** What a caller said after its startup packet. */
export function messagesOf({ up }: Recorded): readonly Message[] {
  return up.length < 8 ? [] : cut(up.subarray(up.readInt32BE(0)))
}

function cut(bytes: Buffer): readonly Message[] {
  const reader = new MessageReader()
  reader.push(bytes)
  return reader.all()
}
