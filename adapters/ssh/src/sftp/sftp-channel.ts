import type { Duplex } from 'node:stream'
import type { Exchange, Lane } from '@sluice/core'
import { refusal, Refused } from '@sluice/core'
import { text } from '../wire.ts'
import { FileExchange, type FileMasking } from './file-exchange.ts'
import type { FileRequest } from './file-requests.ts'
import { Link, versionPacket } from './link.ts'
import { OperationExchange, type Asked, type OperationPorts } from './operation-exchange.ts'
import { PacketCutter, packetOf, statusPacket, types, type Packet } from './packet.ts'
import { extensions, requestOf } from './request.ts'

/** Requests of one caller that wait for their answers, and files that it may hold open. */
const unansweredMax = 128
const filesMax = 64

export interface SftpPorts {
  /** As whom, at the target. */
  readonly login: string
  readonly masking: FileMasking
  readonly lane: () => Lane
  /** The SFTP subsystem of the target, running. Rejects with `Refused`. */
  readonly start: () => Promise<Duplex>
  readonly input: Duplex
  /** Bytes for the caller, one piece after the other. Resolves when there is room for more. */
  readonly write: (bytes: Buffer) => Promise<void> | undefined
  /** A line for the person, beside the protocol. */
  readonly tell: (text: string) => Promise<void> | undefined
  /** Nothing more will come: `refusal` says why, where something failed. */
  readonly over: (error: unknown) => void
}

/**
 * SFTP of one caller on one channel: every packet is read, judged and sent on in the one form that was judged. Nothing of it
 * reaches the target before; only the beginning of the protocol does, which holds nothing of the caller's.
 */
export class SftpChannel {
  readonly #ports: SftpPorts
  readonly #cutter = new PacketCutter()
  readonly #files = new Map<string, FileExchange>()
  readonly #operations: Lane
  /** One for each file that is open, or about to be. */
  readonly #lanes = new Set<Lane>()
  #link: Link | undefined
  #sending: Promise<unknown> = Promise.resolve()
  #named = 0
  readonly #unanswered = new Set<number>()
  #state: 'new' | 'greeting' | 'open' | 'closed' = 'new'

  constructor(ports: SftpPorts) {
    this.#ports = ports
    this.#operations = ports.lane()
    ports.input.on('data', (chunk: Buffer) => this.#receive(chunk))
    ports.input.on('end', () => this.close())
    ports.input.on('close', () => this.close())
  }

  /** The caller is gone: what is open is closed, and what waits for people is void. */
  close(): void {
    this.#end(undefined)
  }

  #end(error: unknown): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    for (const file of this.#files.values()) file.body.end()
    for (const lane of [this.#operations, ...this.#lanes]) lane.close()
    this.#link?.end()
    this.#ports.over(error)
  }

  #receive(chunk: Buffer): void {
    if (this.#state === 'closed') return
    try {
      for (const packet of this.#cutter.push(chunk)) this.#take(packet)
    } catch (error) {
      this.#broken(new Refused(noSftp, { cause: error }))
    }
  }

  #take(packet: Packet): void {
    if (this.#state === 'new' && packet.type === types.init) return void this.#greet()
    if (this.#state !== 'open' || this.#link === undefined) throw new Error('a request before the beginning')
    this.#expect(packet.id)
    const request = requestOf(packet)
    switch (request.kind) {
      case 'refused':
        return void this.#reply(statusPacket(request.id, request.status, request.message))
      case 'operation':
        return this.#operate(request, this.#link)
      case 'open':
        return this.#open(request, this.#link)
      case 'handle':
        return this.#use(request, this.#link)
    }
  }

  /** Nothing is read before both sides know what they may say. */
  async #greet(): Promise<void> {
    this.#state = 'greeting'
    this.#ports.input.pause()
    try {
      const link = new Link(await this.#ports.start())
      const offered = await link.greet()
      if (this.#isClosed) return link.end()
      this.#link = link
      this.#state = 'open'
      await this.#send(packetOf(versionPacket(extensions, offered)))
      this.#ports.input.resume()
    } catch (error) {
      this.#broken(error)
    }
  }

  get #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #operate(asked: Asked, link: Link): void {
    this.#submit(this.#operations, new OperationExchange(asked, this.#exchangePorts(link)))
  }

  #open(asked: Asked, link: Link): void {
    if (this.#lanes.size >= filesMax)
      return void this.#reply(statusPacket(asked.id, 'failure', 'sluice: too many open files'))
    const lane = this.#ports.lane()
    this.#lanes.add(lane)
    const opened = (file: FileExchange): string => {
      const name = `f${++this.#named}`
      this.#files.set(name, file)
      return name
    }
    const file = new FileExchange(asked, {
      ...this.#exchangePorts(link),
      masking: this.#ports.masking,
      opened,
    })
    this.#submit(lane, file, () => {
      for (const [name, one] of this.#files) if (one === file) this.#files.delete(name)
      this.#lanes.delete(lane)
      lane.close()
    })
  }

  #use(request: FileRequest, link: Link): void {
    const file = this.#files.get(request.handle)
    if (file?.handle === undefined)
      return void this.#reply(statusPacket(request.id, 'failure', 'sluice: there is no such handle'))
    if (!file.permits(request.use))
      return void this.#reply(
        statusPacket(request.id, 'permission_denied', 'sluice: the file was not opened for this'),
      )
    // Through the handle of a file that is only read, it is a change of its own.
    if (request.use === 'fsetstat' && !file.writes) return this.#change(request, file, file.handle, link)
    if (request.use === 'close') this.#files.delete(request.handle)
    file.take(request)
  }

  #change({ id, type, fields }: FileRequest, file: FileExchange, handle: Buffer, link: Link): void {
    const [{ paths }] = file.actions as never as readonly [{ readonly paths: never }]
    const action = { name: 'sftp.setstat', kind: 'fsetstat', read_only: false, paths }
    this.#operate({ id, action, type, fields: Buffer.concat([text(handle), fields]) }, link)
  }

  #submit<Up, Plan>(lane: Lane, exchange: Exchange<Up, Packet, Plan>, after?: () => void): void {
    for (const { done } of lane.submit([exchange], false)) void done.then(() => after?.())
  }

  #exchangePorts(link: Link): OperationPorts {
    return {
      link,
      login: this.#ports.login,
      tell: (text) => this.#tell(text),
      reply: (packet) => this.#reply(packet),
    }
  }

  async #reply(packet: Packet): Promise<void> {
    this.#answered(packet.id)
    await this.#send(packetOf(packet))
  }

  /** One after the other: pieces of two packets must not mix. */
  #send(bytes: Buffer): Promise<void> {
    const sent = this.#sending.then(() => this.#ports.write(bytes))
    this.#sending = sent.catch(() => {})
    return sent
  }

  #tell(text: string): void {
    this.#sending = this.#sending.then(() => this.#ports.tell(text)).catch(() => {})
  }

  /**
   * A caller that does not wait for answers is not read on. One id for two requests is no SFTP: what is recorded of the one
   * would be that of the other.
   */
  #expect(id: number): void {
    if (this.#unanswered.has(id)) throw new Error('an id of a request that waits for its answer')
    this.#unanswered.add(id)
    if (this.#unanswered.size >= unansweredMax) this.#ports.input.pause()
  }

  #answered(id: number): void {
    const fewer = this.#unanswered.delete(id) && this.#unanswered.size === unansweredMax - 1
    if (fewer && this.#state === 'open') this.#ports.input.resume()
  }

  #broken(error: unknown): void {
    this.#end(error instanceof Refused ? error : new Error('the channel was closed', { cause: error }))
  }
}

const noSftp = refusal('malformed', 'ssh/sftp', 'What was sent is no SFTP.')
