import { connect, type Socket } from 'node:net'
import { listen, type Listener } from '../src/listener.ts'
import { frame, type Message, MessageReader, sync } from '../src/message.ts'
import { Transcript } from '../src/transcript.ts'
import { isOver } from './direct.ts'
import type { Place } from '../src/wire-client.ts'

/**
 * Stands between a gateway and its server, and knows each of the gateway's connections. What the gateway refuses it
 * replaces by a statement that must fail; that one is kept back here, so that the refused statement itself can be
 * run in its place, in the very session: server and twin stay equal, whatever is refused.
 */
export interface Backdoors extends Listener {
  /** The gateway's connection that was opened with this application_name. */
  of(application: string): Backdoor
}

export async function openBackdoors(to: Place): Promise<Backdoors> {
  const doors = new Set<Backdoor>()
  const listener = await listen((gateway) => {
    const door = new Backdoor(gateway, connect({ ...to, noDelay: true }))
    doors.add(door)
    gateway.once('close', () => doors.delete(door))
  })
  return {
    ...listener,
    of(application) {
      const door = [...doors].find((each) => each.application === application)
      if (door === undefined) throw new Error(`the gateway opened no connection for ${application}`)
      return door
    },
  }
}

const refusedText = 'sluice refused this statement'
/** What the gateway is told of the statement that it believes to have sent. */
const failed = frame('E', 'SERROR\0VERROR\0C42601\0Mkept back\0', '\0')

export class Backdoor {
  application = ''
  readonly #gateway: Socket
  readonly #server: Socket
  readonly #up = new MessageReader()
  readonly #down = new MessageReader()
  #startup: Buffer | undefined = Buffer.alloc(0)
  #status: Buffer = Buffer.from('I')
  /** Of the answer to what was run by this door; nobody's while the gateway talks. */
  #aside: Message[] | undefined
  #skipping = false
  /** The server owes an answer to what came before it without Sync. */
  #open = false
  #closing = false
  #refused = false
  #changed = Promise.withResolvers<void>()

  constructor(gateway: Socket, server: Socket) {
    this.#gateway = gateway
    this.#server = server
    gateway.on('data', (chunk: Buffer) => this.#heardUp(chunk))
    server.on('data', (chunk: Buffer) => this.#heardDown(chunk))
    for (const [one, other] of [
      [gateway, server],
      [server, gateway],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('end', () => other.end())
      one.on('close', () => {
        other.destroy()
        this.#wake()
      })
    }
  }

  /** Resolves when the gateway has refused what it was asked. Never, when it has not. */
  async refused(): Promise<void> {
    while (!this.#refused) await this.#changed.promise
  }

  /** Runs it in the gateway's session; the answer up to ReadyForQuery or a request for COPY data. */
  async ask(...bytes: readonly Uint8Array[]): Promise<Transcript> {
    this.#aside = []
    this.#server.write(Buffer.concat(bytes))
    for (;;) {
      if (isOver(this.#aside) || this.#server.destroyed) break
      await this.#changed.promise
    }
    const heard = this.#aside
    const whole = Buffer.concat(heard.map(({ type, body }) => frame(type, body)))
    this.#aside = undefined
    return new Transcript(heard, whole, this.#server.destroyed)
  }

  /** The gateway goes on: its statement has failed, and the transaction is where the server has it. */
  settle(heard: readonly Message[]): void {
    this.#refused = false
    const parameters = heard.filter(({ type }) => type === 'S').map(({ type, body }) => frame(type, body))
    this.#gateway.write(Buffer.concat([...parameters, failed, frame('Z', this.#status)]))
  }

  #heardUp(chunk: Buffer): void {
    if (this.#startup !== undefined) {
      this.#startup = Buffer.concat([this.#startup, chunk])
      if (this.#startup.length < 4 || this.#startup.length < this.#startup.readInt32BE(0)) return
      this.application = /\0application_name\0([^\0]*)/.exec(this.#startup.toString())?.[1] ?? ''
      this.#server.write(this.#startup)
      this.#startup = undefined
      return
    }
    this.#up.push(chunk)
    for (const message of this.#up.all()) this.#sent(message)
  }

  #sent(message: Message): void {
    const { type, body } = message
    if (this.#skipping) {
      if (type === 'S') this.#park()
      return
    }
    if (type === 'Q' && body.toString() === `${refusedText}\0`) return this.#park()
    if (type === 'P' && body.includes(refusedText)) {
      this.#skipping = true
      return
    }
    this.#open = type !== 'S' && type !== 'Q'
    this.#server.write(frame(type, body))
  }

  #park(): void {
    this.#skipping = false
    this.#closing = this.#open
    if (this.#open) this.#server.write(sync)
    else this.#refused = true
    this.#wake()
  }

  /** What was admitted before the refusal is answered; the end of it is kept from the gateway, which did not ask for it. */
  #closed(): void {
    this.#open = false
    this.#closing = false
    this.#refused = true
  }

  #heardDown(chunk: Buffer): void {
    this.#down.push(chunk)
    const passed: Buffer[] = []
    for (const message of this.#down.all()) {
      if (message.type === 'Z') this.#status = message.body
      if (message.type === 'Z' && this.#closing) this.#closed()
      else if (this.#aside === undefined) passed.push(frame(message.type, message.body))
      else this.#aside.push(message)
    }
    if (passed.length > 0) this.#gateway.write(Buffer.concat(passed))
    this.#wake()
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
