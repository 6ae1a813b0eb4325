import type { Client, ClientChannel } from 'ssh2'
import { refusal, Refused, type Stop, type StopReason } from '@sluice/core'
import type { Reply } from './replies.ts'
import { signal } from './library/running.ts'
import { isOver, lost } from './upstream.ts'

/** Bytes of an answer that wait for the caller before the target is made to wait. */
const waitingBytesMax = 262_144

/** One program that runs: what the caller streams to it, and its answer as it comes. */
export class Flight implements AsyncIterable<Reply> {
  readonly #body: AsyncIterable<Buffer>
  readonly #enough: () => void
  readonly #waiting: Reply[] = []
  #client: Client | undefined
  #channel: ClientChannel | undefined
  #bytes = 0
  #failure: unknown
  #end: Reply = { kind: 'closed' }
  #late: NodeJS.Timeout | undefined
  #closed = false
  #over = false
  #wake: (() => void) | undefined

  /** `enough`: called when nobody reads `body` any more. It then ends. */
  constructor(body: AsyncIterable<Buffer>, enough: () => void, stop: Stop<StopReason>) {
    this.#body = body
    this.#enough = enough
    stop.on((reason) => this.fail(new Refused(stopped[reason])))
  }

  /** What is no part of its streams, in its place among them. */
  tell(reply: Reply): void {
    this.#push(reply)
  }

  /** However long it still runs then. */
  endAfter(ms: number): void {
    this.#late = setTimeout(() => this.fail(new Refused(tooLong)), ms).unref()
  }

  /** Leaves by `leave` once there is a connection, unless it was stopped meanwhile. */
  async depart(upstream: () => Promise<Client>, leave: (client: Client) => void): Promise<void> {
    try {
      const client = await upstream()
      this.#client = client
      if (this.#failure === undefined) leave(client)
    } catch (error) {
      this.fail(error)
    }
  }

  /** What runs, to tell it what is no part of its streams; `undefined`: nothing does. */
  get running(): ClientChannel | undefined {
    return this.#closed ? undefined : this.#channel
  }

  [Symbol.asyncIterator](): AsyncIterator<Reply, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.fail(new Refused(stopped.cancelled))
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  /** It has begun. Called in the very turn in which the target says so: what comes with that must not be missed. */
  run(channel: ClientChannel): void {
    this.#channel = channel
    channel.on('error', () => this.#fail(new Refused(lost)))
    channel.stderr.on('error', () => {})
    channel.on('data', (bytes: Buffer) => this.#push({ kind: 'stdout', bytes }))
    channel.stderr.on('data', (bytes: Buffer) => this.#push({ kind: 'stderr', bytes }))
    channel.on('exit', (status: number | null, signal = '', core: unknown = false, message = '') => {
      const name = signal.replace(/^SIG/, '')
      this.#end =
        status === null ? { kind: 'signal', name, core: Boolean(core), message } : { kind: 'exit', status }
    })
    const pumped = this.#pump(channel)
    // It is closed once one of the streams has been read to its end, and the other one may not have been.
    const read = new Promise((resolve) => channel.stderr.once('end', resolve))
    channel.on('close', () => {
      this.#closed = true
      clearTimeout(this.#late)
      this.#enough()
      // What was streamed to it is in the record before its end is.
      void Promise.all([pumped, read]).then(() => {
        if (this.#end.kind === 'closed' && this.#isCut) return this.#fail(new Refused(lost))
        this.#over = true
        this.#push(this.#end)
      })
    })
    if (this.#failure !== undefined) this.#abandon(channel)
  }

  /** The target said nothing of an end. */
  get #isCut(): boolean {
    return this.#client !== undefined && isOver(this.#client)
  }

  /** At the pace of the program. */
  async #pump(channel: ClientChannel): Promise<void> {
    try {
      for await (const bytes of this.#body) {
        if (bytes.length > 0 && channel.writable) await written(channel, bytes)
      }
      // Not `end`: a stream that has ended on both sides closes itself, before the target has said how the program ended.
      channel.eof()
    } catch (error) {
      this.fail(error)
    }
  }

  async #next(): Promise<IteratorResult<Reply, undefined>> {
    for (;;) {
      const reply = this.#waiting.shift()
      if (reply !== undefined) return { done: false, value: this.#taken(reply) }
      if (this.#failure !== undefined) throw this.#failure
      if (this.#over) return { done: true, value: undefined }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #push(reply: Reply): void {
    this.#waiting.push(reply)
    if ('bytes' in reply) {
      this.#bytes += reply.bytes.length
      // Both streams share one window, so they wait together.
      if (this.#bytes > waitingBytesMax) for (const stream of this.#streams()) stream.pause()
    }
    this.#wake?.()
  }

  #taken(reply: Reply): Reply {
    if (!('bytes' in reply)) return reply
    const before = this.#bytes
    this.#bytes -= reply.bytes.length
    if (before > waitingBytesMax / 2 && this.#bytes <= waitingBytesMax / 2)
      for (const stream of this.#streams()) stream.resume()
    return reply
  }

  #streams() {
    return this.#channel === undefined ? [] : [this.#channel, this.#channel.stderr]
  }

  /** It did not begin, or must not go on. */
  fail(error: unknown): void {
    this.#fail(error)
    if (this.#channel !== undefined && !this.#closed) this.#abandon(this.#channel)
  }

  /** Nobody watches it any more, so it must not go on. */
  #abandon(channel: ClientChannel): void {
    if (channel.type === 'session') signal(channel, 'KILL')
    channel.close()
    for (const stream of this.#streams()) stream.resume()
  }

  /** The first reason is the one that counts; what came before it is still handed out. */
  #fail(error: unknown): void {
    this.#failure ??= error
    this.#enough()
    this.#wake?.()
  }
}

/** Resolves when it has left, or never will. */
function written(channel: ClientChannel, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      channel.off('close', done)
      resolve()
    }
    channel.on('close', done)
    channel.write(bytes, done)
  })
}

const tooLong = refusal(
  'cancelled',
  'ssh/shell',
  'A shell may last no longer here: it was ended. Open another one.',
)

/** Stopped from this side. */
const stopped = {
  cancelled: refusal('cancelled', 'ssh/stopped', 'It was cancelled.'),
  ending: refusal('cancelled', 'ssh/stopped', 'The session ended, and what ran in it was stopped.'),
  limit: refusal('cancelled', 'policy/limit', 'A limit of the policy was reached.'),
} as const satisfies { readonly [Reason in StopReason]: unknown }
