import {
  refusal,
  Refused,
  type Exchange,
  type MaskCount,
  type Obliged,
  type Permit,
  type Refusal,
  type Shown,
  type Stop,
  type StopReason,
  type Verdict,
} from '@sluice/core'
import type { ContentMasker } from '@sluice/masking'
import { Fields, text, u32 } from '../wire.ts'
import { resized } from './fields.ts'
import { FileRequests, type FileRequest } from './file-requests.ts'
import { FileTally } from './file-tally.ts'
import { JudgedOperation } from './judged-operation.ts'
import type { Answer } from './link.ts'
import { maskedFile, type MaskedFile } from './masked-file.ts'
import type { Asked, OperationPorts } from './operation-exchange.ts'
import { statusPacket, types, type Packet } from './packet.ts'
import { refused } from './refuse.ts'

/** How masks of verdicts become one that reads a file; `null`: nothing of it is masked. */
export interface FileMasking {
  oblige(verdicts: readonly Verdict[]): Obliged<FilePlan>
}

export interface FilePlan {
  readonly masker: (() => ContentMasker) | null
}

export interface FilePorts extends OperationPorts {
  readonly masking: FileMasking
  /** The caller's name for a file that was opened. */
  readonly opened: (file: FileExchange) => string
}

/** One file or folder from its opening to its closing, and all that passes in between. */
export class FileExchange extends JudgedOperation implements Exchange<FileRequest, Packet, FilePlan> {
  readonly body: FileRequests = new FileRequests()
  /** The target's name for it, once it is open. */
  handle: Buffer | undefined
  readonly #asked: Asked
  readonly #ports: FilePorts
  readonly #tally = new FileTally()
  /** Requests without an answer, the opening included. */
  readonly #unanswered = new Set<number>()
  readonly #ready: Packet[] = []
  #masked: readonly MaskCount[] = []
  #failure: unknown
  #wake: (() => void) | undefined

  constructor(asked: Asked, ports: FilePorts) {
    super(asked.action, ports.login, Buffer.concat([Buffer.from([asked.type]), asked.fields]), ports.tell)
    this.#asked = asked
    this.#ports = ports
    this.#unanswered.add(asked.id)
  }

  get writes(): boolean {
    return this.actions[0].name === 'sftp.open_write'
  }

  /** What it was opened for is what was judged, whatever the target would let pass. */
  permits(use: FileRequest['use']): boolean {
    const [{ flags }] = this.actions
    if (use === 'read') return Array.isArray(flags) && flags.includes('read')
    return use !== 'write' || this.writes
  }

  take(request: FileRequest): void {
    this.#unanswered.add(request.id)
    this.body.push(request)
    if (request.use === 'close') this.body.end()
  }

  oblige(verdicts: readonly Verdict[]): Obliged<FilePlan> {
    if (this.actions[0].name === 'sftp.list') return { kind: 'plan', plan: { masker: null } }
    const obliged = this.#ports.masking.oblige(verdicts)
    const reads = this.actions[0]['flags']
    const both = this.writes && Array.isArray(reads) && reads.includes('read')
    if (obliged.kind === 'plan' && obliged.plan.masker !== null && both)
      return { kind: 'refused', refusal: readAndWritten }
    return obliged.kind === 'plan' && this.writes ? { kind: 'plan', plan: { masker: null } } : obliged
  }

  forward(
    permit: Permit,
    plan: FilePlan,
    body: AsyncIterable<FileRequest>,
    stop: Stop<StopReason>,
  ): AsyncIterable<Packet> {
    permit.spend(this.content)
    const opening = this.#ports.link.ask(this.#asked.type, this.#asked.fields)
    opening.catch(() => {})
    stop.on((reason) => this.#fail(new Refused(stopped[reason])))
    return { [Symbol.asyncIterator]: () => this.#run(opening, plan, body) }
  }

  async *maskBody(body: AsyncIterable<FileRequest>): AsyncGenerator<Shown<FileRequest>> {
    for await (const item of body) {
      this.#tally.asked(item)
      yield { item, record: empty, rows: 0, masked: [] }
    }
  }

  async *mask(replies: AsyncIterable<Packet>): AsyncGenerator<Shown<Packet>> {
    for await (const item of replies) {
      const masked = this.#masked
      this.#masked = []
      yield { item, record: empty, counted: this.#tally.answered(item), rows: 0, masked }
    }
    const summary = { item: nothingMore, record: this.#tally.summary(), counted: 0, rows: 0, masked: [] }
    yield { ...summary, end: { outcome: 'completed', status: null } }
  }

  reply(packet: Packet): Promise<void> | undefined {
    if (packet === nothingMore) return undefined
    this.#unanswered.delete(packet.id)
    return this.#ports.reply(packet)
  }

  /** Whatever waits for an answer gets this one. */
  async *refuse(reason: Refusal): AsyncGenerator<Packet> {
    this.body.end()
    for (const id of this.#unanswered) yield refused(id, reason)
    await this.#closeAtTarget()
  }

  async *skip(): AsyncGenerator<Packet> {
    for (const id of this.#unanswered) yield statusPacket(id, 'failure', 'sluice: not performed')
  }

  async *#run(
    opening: Promise<Answer>,
    { masker }: FilePlan,
    body: AsyncIterable<FileRequest>,
  ): AsyncGenerator<Packet> {
    const { type, fields } = await opening
    if (type !== types.handle) {
      this.body.end()
      yield { type, id: this.#asked.id, fields }
      return
    }
    this.handle = new Fields(fields).string()
    const shown = masker === null ? null : await maskedFile(this.#ports.link, this.handle, masker())
    this.#masked = shown?.masked ?? []
    yield { type, id: this.#asked.id, fields: text(this.#ports.opened(this)) }
    try {
      const pumped = this.#pump(body, shown)
      for (let over = false; !over || this.#ready.length > 0;) {
        const packet = this.#ready.shift()
        if (packet !== undefined) yield packet
        else if (this.#failure !== undefined) throw this.#failure
        else over = await Promise.race([pumped.then(() => true), this.#woken()])
      }
    } finally {
      await this.#closeAtTarget()
    }
  }

  #woken(): Promise<false> {
    return new Promise((resolve) => (this.#wake = () => resolve(false)))
  }

  /** Sends on what is asked, as it comes; ends when the last of it is answered. */
  async #pump(body: AsyncIterable<FileRequest>, shown: MaskedFile | null): Promise<void> {
    const under = new Set<Promise<void>>()
    try {
      for await (const request of body) {
        const answered = this.#answer(request, shown).then((packet) => {
          under.delete(answered)
          this.#ready.push(packet)
          this.#wake?.()
        })
        under.add(answered)
        answered.catch((error: unknown) => this.#fail(error))
      }
      await Promise.all(under)
    } catch (error) {
      this.#fail(error)
    }
  }

  async #answer(request: FileRequest, shown: MaskedFile | null): Promise<Packet> {
    const { id, type, use, fields, extension } = request
    if (shown !== null && use === 'read') return piece(id, shown.bytes, fields)
    const handle = this.handle
    if (handle === undefined) return statusPacket(id, 'failure', 'sluice: the file is closed')
    if (use === 'close') this.handle = undefined
    const name = extension === null ? empty : text(extension)
    const answer = await this.#ports.link.ask(type, name, text(handle), fields)
    if (shown !== null && answer.type === types.attrs)
      return { type: answer.type, id, fields: resized(answer.fields, shown.bytes.length) }
    return { ...answer, id }
  }

  /** What the caller opened is not left open when it is gone. */
  async #closeAtTarget(): Promise<void> {
    const handle = this.handle
    this.handle = undefined
    if (handle !== undefined) await this.#ports.link.ask(types.close, text(handle)).catch(() => {})
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.body.end()
    this.#wake?.()
  }
}

/** Of a masked file, in the way of every server. */
function piece(id: number, bytes: Buffer, fields: Buffer): Packet {
  const reader = new Fields(fields)
  const offset = reader.u64()
  const length = reader.u32()
  if (offset >= BigInt(bytes.length)) return statusPacket(id, 'eof', '')
  const start = Number(offset)
  return {
    type: types.data,
    id,
    fields: text(bytes.subarray(start, start + Math.min(length, pieceBytesMax))),
  }
}

const pieceBytesMax = 32 * 1024
const empty = Buffer.alloc(0)
/** Stands for the end in the record; the caller is sent nothing. */
const nothingMore: Packet = { type: types.status, id: 0, fields: u32(0) }

const readAndWritten = refusal(
  'denied',
  'ssh/masked_file',
  'Files are masked here, so one cannot be opened for reading and writing at once: read it, or write it.',
)
const stopped = {
  cancelled: refusal('cancelled', 'ssh/stopped', 'It was cancelled.'),
  ending: refusal('cancelled', 'ssh/stopped', 'The session ended.'),
  limit: refusal('cancelled', 'policy/limit', 'A limit of the policy was reached.'),
} as const satisfies { readonly [Reason in StopReason]: Refusal }
