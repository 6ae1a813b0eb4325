import {
  type Action,
  type Exchange,
  type Hold,
  type Json,
  type Obliged,
  type Permit,
  type Refusal,
  type Shown,
  type Stop,
  type StopReason,
  type Verdict,
} from '@sluice/core'
import type { Catalogue } from './catalogue.ts'
import {
  copyFail,
  describePortal,
  flush,
  poisonParse,
  poisonQuery,
  poisonUnnamedParse,
  sync,
} from './constants.ts'
import type { CopyBody } from './copy-body.ts'
import { cutAnswer } from './cut.ts'
import { withDescription } from './copy/describe.ts'
import { withDetectors, type Means } from './detect/oblige.ts'
import type { Overheard } from './detect/overheard.ts'
import { Flight, type Expected } from './flight.ts'
import { tellHeld, type Heartbeat } from './held.ts'
import { followed, owedSync, withLimits } from './limited.ts'
import { Mask } from './mask.ts'
import { oblige } from './obligations.ts'
import type { Outbox } from './outbox.ts'
import { recordedWithout } from './redact/answer.ts'
import { refuse } from './refuse.ts'
import { Reply } from './replies.ts'
import { gated, mapped } from './reply-stream.ts'
import { boundPart, shownOf, type Source } from './source.ts'
import type { MaskPlan, Statement } from './statement.ts'
import type { Transaction } from './transaction.ts'
import type { Upstream } from './upstream.ts'
import { headerBytes } from './wire.ts'

/** One message to the server and the answer it will give. */
export interface Message {
  readonly bytes: Buffer
  readonly expected: Expected
  /** Part of what is judged; otherwise one of the constants (`constants.ts`). */
  readonly governed: boolean
  /** What the log holds of it, when that is something else. */
  readonly recordable?: Buffer | undefined
  /** It executes this portal. */
  readonly executes?: string
}

/** What a request asks for, as far as anybody can vouch for it. */
export interface Judged {
  readonly actions: readonly [Action, ...Action[]]
  readonly statements: readonly Statement[]
  /** Of the parameters of a prepared statement. */
  readonly values: readonly Json[]
  readonly catalogue: Catalogue
  readonly source: Source
  readonly objection: Refusal | undefined
}

export interface Parts {
  readonly judged: Judged
  readonly messages: readonly Message[]
  /** What fails in its place when it is refused. */
  readonly poison: 'query' | 'parse' | 'unnamed'
  /** It ends a batch without Sync: the server is told to answer all the same. */
  readonly flushes: boolean
  readonly copy: CopyBody | undefined
  readonly leavesNothing: boolean
  /** Runs when it is allowed and on its way. */
  readonly forwarded: () => void
  /** Runs once, when the server has answered it or never will. */
  readonly settled: () => void
  /** The unnamed statement is gone, because a Parse of it failed. */
  readonly unnamedLost: () => void
}

/** The connection as its exchanges see it. */
export interface Line {
  readonly upstream: Upstream
  readonly client: Outbox
  readonly means: Means
  readonly overheard: Overheard
  readonly transaction: Pick<Transaction, 'follows'>
  /** The target's names as they are now. Rejects with `Refused`. */
  catalogueNow(): Promise<Catalogue>
  heartbeat(): Heartbeat
  /** The client's own limit for a statement. */
  patienceMs(): number | null
  readonly overlapReads: boolean
  /** Answers that belong to no exchange and must leave before this one's. */
  readonly before: Promise<void> | undefined
  /** Whether another exchange's messages were sent after those of this one. */
  isLast(exchange: PostgresExchange): boolean
  sent(exchange: PostgresExchange): void
}

const nobody = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined } as const) }),
}
const poisons = { query: poisonQuery, parse: poisonParse, unnamed: poisonUnnamedParse } as const
const nothing = Buffer.alloc(0)

/** One governed request on the wire: what is judged is what is sent, and what is refused leaves nothing behind. */
export class PostgresExchange implements Exchange<Buffer, Reply, MaskPlan> {
  readonly actions: readonly [Action, ...Action[]]
  readonly content: Buffer
  readonly recordable: Buffer | undefined
  readonly values: readonly Json[]
  readonly objection: Refusal | undefined
  readonly overlaps: boolean
  readonly body: AsyncIterable<Buffer>
  readonly #parts: Parts
  readonly #line: Line
  #flight: Flight | undefined
  /** Sends the Sync that waits until the answer has passed. */
  #owed: (() => Flight) | undefined
  #mask: Mask | undefined
  #limited = false

  constructor(parts: Parts, line: Line) {
    this.#parts = parts
    this.#line = line
    this.actions = parts.judged.actions
    this.values = parts.judged.values
    this.objection = parts.judged.objection
    const governed = parts.messages.filter((message) => message.governed)
    this.content = joined(governed.map(({ bytes }) => bytes))
    if (governed.some(({ recordable }) => recordable !== undefined))
      this.recordable = Buffer.concat(governed.map(({ bytes, recordable }) => recordable ?? bytes))
    this.body = parts.copy ?? nobody
    this.overlaps = line.overlapReads && parts.leavesNothing
  }

  conditions({ conditions }: MaskPlan): number {
    return conditions
  }

  oblige(verdicts: readonly Verdict[]): Obliged<MaskPlan> {
    const { statements, catalogue, source } = this.#parts.judged
    const { means } = this.#line
    const text = source.texts[0]
    const obliged = oblige(statements, verdicts, catalogue, means.pseudonyms, text)
    return withLimits(withDetectors(obliged, verdicts, means, statements, text), verdicts)
  }

  /** Its answer may be cut: what it did is undone then, so that no Sync may come before its end. */
  get limited(): boolean {
    return this.#limited
  }

  async bound(): Promise<Uint8Array> {
    return boundPart(this.#parts.judged, await this.#line.catalogueNow())
  }

  shown(): Uint8Array {
    return shownOf(this.#parts.judged)
  }

  get patienceMs(): number | null {
    return this.#line.patienceMs()
  }

  held(hold: Hold): Disposable {
    return tellHeld(this.#line.client, hold, () => this.#line.heartbeat())
  }

  forward(
    permit: Permit,
    plan: MaskPlan,
    body: AsyncIterable<Buffer>,
    stop: Stop<StopReason>,
  ): AsyncIterable<Reply> {
    permit.spend(this.content)
    this.#parts.forwarded()
    this.#line.overheard.note(plan.detection)
    const mask = new Mask(plan, this.#line.transaction.follows(this.actions, plan.guarded))
    this.#mask = mask
    this.#limited = plan.limited === true
    const { messages } = this.#parts
    const described = messages.some(({ expected }) => expected.kind === 'describe')
    const { copy } = plan
    const owed = owedSync(this.#parts, plan)
    const sent = owed === undefined ? messages : messages.slice(0, -1)
    const asked = copy === undefined ? sent : withDescription(sent, copy.query, mask)
    const expected: Expected[] = []
    for (const message of asked) {
      // Without its description an answer cannot be masked: the gateway asks for what the client already knows.
      if (message.executes !== undefined && !mask.idle && !described && copy === undefined) {
        this.#line.upstream.send(describePortal(message.executes))
        expected.push({ kind: 'describe', hidden: (answer) => mask.describeHidden(answer) })
      }
      this.#line.upstream.send(message.bytes)
      expected.push(this.#withCopy(message.expected, body))
    }
    const flight = this.#launch(expected, plan.limited === true && this.#parts.poison !== 'query')
    stop.on(() => flight.cancel())
    if (owed === undefined) return this.#gated(flight)
    this.#owed = () => this.#settleOwed(owed)
    return this.#gated(followed(flight, this.#owed))
  }

  #settleOwed({ bytes, expected }: Message): Flight {
    this.#owed = undefined
    this.#line.upstream.send(bytes)
    const flight = new Flight([expected])
    this.#flight = flight
    this.#line.upstream.launch(flight)
    return flight
  }

  maskBody(body: AsyncIterable<Buffer>): AsyncIterable<Shown<Buffer>> {
    return shownBody(body)
  }

  mask(replies: AsyncIterable<Reply>): AsyncIterable<Shown<Reply>> {
    const mask = this.#mask
    const hidden = mask === undefined || mask.idle ? replies : mapped(replies, (reply) => mask.apply(reply))
    const { overheard } = this.#line
    const masked = overheard.idle ? hidden : mapped(hidden, (reply) => overheard.words(reply))
    const { clear } = this.#parts.judged.source
    return clear === undefined ? masked : mapped(masked, (reply) => recordedWithout(clear.secrets, reply))
  }

  reply(reply: Reply): Promise<void> | undefined {
    this.#line.client.push(reply.bytes)
    return this.#line.client.full()
  }

  refuse(reason: Refusal, at: 'before' | 'during'): AsyncIterable<Reply> {
    if (at === 'before') return this.#poisoned(reason)
    const { upstream } = this.#line
    const isLast = (): boolean => this.#line.isLast(this)
    return cutAnswer(reason, this.#flight, { upstream, isLast, end: this.#owed })
  }

  skip(): AsyncIterable<Reply> {
    this.#parts.copy?.discard()
    const ends = this.#parts.messages.at(-1)
    if (ends?.expected.kind !== 'sync') {
      this.#parts.settled()
      return nobody
    }
    this.#line.upstream.send(sync)
    return this.#gated(this.#launch([ends.expected]))
  }

  /** The constant that must fail stands where the request stood; what the batch ends with still follows. */
  #poisoned(reason: Refusal): AsyncIterable<Reply> {
    const { messages, poison, copy, unnamedLost } = this.#parts
    const { upstream } = this.#line
    copy?.discard()
    const expected: Expected[] = []
    for (const message of messages) {
      if (message.governed) break
      upstream.send(message.bytes)
      expected.push(message.expected)
    }
    upstream.send(poisons[poison])
    const failed = poison === 'unnamed' ? { failed: unnamedLost } : {}
    expected.push({ kind: poison === 'query' ? 'query' : 'parse', instead: refuse(reason), ...failed })
    const ends = messages.at(-1)
    if (ends?.expected.kind === 'sync') {
      upstream.send(sync)
      expected.push(ends.expected)
    }
    return this.#gated(this.#launch(expected))
  }

  #launch(expected: readonly Expected[], flushes = false): Flight {
    if (flushes || this.#parts.flushes) this.#line.upstream.send(flush)
    const flight = new Flight(expected, () => {
      this.#parts.copy?.discard()
      this.#parts.settled()
    })
    this.#flight = flight
    this.#line.sent(this)
    this.#line.upstream.launch(flight)
    return flight
  }

  #withCopy(expected: Expected, body: AsyncIterable<Buffer>): Expected {
    const { copy } = this.#parts
    if (copy === undefined || (expected.kind !== 'query' && expected.kind !== 'execute')) return expected
    return { ...expected, copyIn: () => void this.#pump(copy, body) }
  }

  /** Never rejects: whatever ends the data early makes the server fail the COPY. */
  async #pump(copy: CopyBody, body: AsyncIterable<Buffer>): Promise<void> {
    const { upstream } = this.#line
    copy.started()
    try {
      for await (const message of body) {
        upstream.send(message)
        await upstream.full()
      }
      if (!copy.complete && this.#flight?.ended !== true) upstream.send(copyFail)
    } catch {
      upstream.send(copyFail)
    } finally {
      copy.pass()
    }
  }

  #gated(flight: AsyncIterable<Reply>): AsyncIterable<Reply> {
    const { before } = this.#line
    return before === undefined ? flight : gated(flight, before)
  }
}

async function* shownBody(body: AsyncIterable<Buffer>): AsyncGenerator<Shown<Buffer>> {
  for await (const message of body)
    yield { item: message, record: message.subarray(headerBytes), rows: 0, masked: [] }
}

/** Messages that lie side by side, as those of one segment do, are one piece already. */
function joined(pieces: readonly Buffer[]): Buffer {
  const [first, ...rest] = pieces
  if (first === undefined) return nothing
  let end = first.byteOffset + first.length
  for (const piece of rest) {
    if (piece.buffer !== first.buffer || piece.byteOffset !== end) return Buffer.concat(pieces)
    end += piece.length
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset)
}
