import type { Client, ServerChannel } from 'ssh2'
import {
  refusal,
  Refused,
  type Action,
  type Exchange,
  type Obliged,
  type Permit,
  type Refusal,
  type Shown,
  type Stop,
  type StopReason,
  type Verdict,
} from '@sluice/core'
import { Flight } from './flight.ts'
import { handOver, type Caller } from './hand-over.ts'
import { Inflow } from './inflow.ts'
import { Judged } from './judged.ts'
import { wayAction } from './normalise.ts'
import { oblige, type MaskPlan, type Means } from './obligations.ts'
import { frame } from './recorded-frames.ts'
import type { Reply } from './replies.ts'
import { shownStdin } from './stdin.ts'
import { lost, notStarted } from './upstream.ts'

/** Where a connection is to lead, as the target finds it. */
export interface Destination {
  readonly host: string
  readonly port: number
}

export interface ForwardPorts extends Omit<Caller, 'channel'> {
  readonly login: string
  readonly means: Means
  readonly recordBytesMax: number
  /** Connected when this is awaited. */
  readonly upstream: () => Promise<Client>
  /** Answers the caller, once. */
  readonly accept: () => ServerChannel | undefined
  readonly reject: () => void
}

/**
 * A connection that the target opens for the caller. Policies see where it leads, in the words of the caller, and nothing of
 * what passes: it is recorded within the bounds of a command's input, and where something must be masked there is none.
 */
export class ForwardExchange extends Judged implements Exchange<Buffer, Reply, MaskPlan> {
  readonly actions: readonly [Action, ...Action[]]
  readonly body: AsyncIterable<Buffer>
  readonly #to: Destination
  readonly #ports: ForwardPorts
  readonly #opened = Promise.withResolvers<Inflow>()
  #inflow: Inflow | undefined
  #caller: Caller | undefined
  #shownBytes = 0

  constructor(to: Destination, ports: ForwardPorts) {
    super(
      Buffer.from(JSON.stringify({ kind: 'direct_tcpip', login: ports.login, ...to })),
      `${ports.login}: a connection to ${to.host} port ${to.port}`,
    )
    this.#to = to
    this.#ports = ports
    this.actions = [wayAction('direct_tcpip', ports.login, to)]
    this.body = once(this.#opened.promise)
  }

  /** Bytes that came from the caller and that nobody has taken. */
  get waitingBytes(): number {
    return this.#caller?.channel.readableLength ?? 0
  }

  oblige(verdicts: readonly Verdict[]): Obliged<MaskPlan> {
    return oblige(verdicts, 'download', this.#ports.means)
  }

  /** Nothing can be said before it is open. */
  held(): Disposable {
    return { [Symbol.dispose]: () => {} }
  }

  forward(
    permit: Permit,
    _plan: MaskPlan,
    body: AsyncIterable<Buffer>,
    stop: Stop<StopReason>,
  ): AsyncIterable<Reply> {
    const flight = new Flight(body, () => this.#inflow?.end(), stop)
    void flight.depart(this.#ports.upstream, (client) => {
      permit.spend(this.content)
      this.#open(client, flight)
    })
    return flight
  }

  #open(client: Client, flight: Flight): void {
    client.forwardOut('127.0.0.1', 0, this.#to.host, this.#to.port, (error, channel) => {
      const { accept, cut, stallMs } = this.#ports
      if (error !== undefined) return flight.fail(new Refused(notStarted))
      const caller = accept()
      if (caller === undefined) {
        // Its caller has gone, and nobody would ever close it.
        channel.close()
        return flight.fail(new Refused(lost))
      }
      caller.on('error', () => {})
      caller.once('close', () => flight.fail(new Refused(gone)))
      this.#caller = { channel: caller, cut, stallMs }
      this.#inflow = new Inflow(caller)
      this.#opened.resolve(this.#inflow)
      // One side may end before the other.
      channel.on('end', () => flight.tell({ kind: 'eof' }))
      flight.run(channel)
    })
  }

  maskBody(body: AsyncIterable<Buffer>): AsyncIterable<Shown<Buffer>> {
    return shownStdin(body, this.#ports.recordBytesMax)
  }

  async *mask(replies: AsyncIterable<Reply>): AsyncGenerator<Shown<Reply>> {
    for await (const item of replies) {
      if (!('bytes' in item)) {
        const end = { outcome: 'completed', status: null } as const
        yield { item, record: nothing, rows: 0, masked: [], ...(item.kind === 'closed' ? { end } : {}) }
        continue
      }
      const recorded = item.bytes.subarray(0, Math.max(0, this.#ports.recordBytesMax - this.#shownBytes))
      this.#shownBytes += item.bytes.length
      const record = recorded.length === 0 ? nothing : frame('stdout', recorded)
      yield { item, record, rows: 0, masked: [] }
    }
  }

  reply(reply: Reply): Promise<void> | undefined {
    return this.#caller === undefined ? undefined : handOver(reply, this.#caller)
  }

  async *refuse(_refusal: Refusal, _at: 'before' | 'during'): AsyncGenerator<Reply> {
    if (this.#caller === undefined) this.#ports.reject()
    else yield { kind: 'closed' }
  }

  async *skip(): AsyncGenerator<Reply> {
    yield* []
  }
}

async function* once(opened: Promise<Inflow>): AsyncGenerator<Buffer> {
  yield* await opened
}

const gone = refusal('cancelled', 'ssh/stopped', 'The caller closed it.')
const nothing = Buffer.alloc(0)
