import {
  refusal,
  Refused,
  type MaskCount,
  type Pseudonyms,
  type Shown,
  type Stop,
  type StopReason,
} from '@sluice/core'
import {
  contentMasker,
  Recognition,
  Undecodable,
  type ContentMasker,
  type ContentRules,
  type Hiding,
} from '@sluice/masking'
import { codedHead, shownHead, shownTrailers, type Sight } from './answer-head.ts'
import { decoded, isBodiless } from './decoded.ts'
import type { EchoGuard } from './echo-guard.ts'
import type { Meter } from './llm/meter.ts'
import { maskedFields } from './masked-fields.ts'
import { asking, gathered } from './recognised.ts'
import { recordedHead } from './recorded-text.ts'
import { headerOf, type Headers, type Reply } from './replies.ts'

export interface MaskContext {
  readonly sight: Omit<Sight, 'rewritten'>
  /** What is hidden; `null`: nothing. */
  readonly hiding: Hiding | null
  readonly pseudonyms: Pseudonyms | undefined
  /** What was hidden in the request, once it was sent. */
  readonly hidden: () => readonly MaskCount[]
  /** What the caller takes content in, as it says. */
  readonly acceptEncoding: string | null
  /** Whether the answer has no body whatever its head says. */
  readonly bodiless: boolean
  /** `undefined`: there is no credential to look for. */
  readonly guard: EchoGuard | undefined
  /** Reads along, before anything is hidden. */
  readonly meter: Pick<Meter, 'head' | 'data' | 'end'> | undefined
  /** `dec_…` */
  readonly decision: string
  /** The target did not accept what it was shown. Throws where that was the gateway's own credential. */
  readonly rejected: () => void
  /** The exchange ends before its answer does. */
  readonly stop: Stop<StopReason>
}

/** Station 7: what the caller may see of an answer, as it streams, or as a whole where a recogniser must see all of it. */
export function masked(replies: AsyncIterable<Reply>, context: MaskContext): AsyncIterable<Shown<Reply>> {
  const { hiding, guard, meter, bodiless } = context
  const looksInto = hiding !== null || guard !== undefined || meter !== undefined
  const read = looksInto ? decoded(replies, bodiless) : replies
  if (hiding !== null && hiding.recognised.length > 0) return shownWhole(read, hiding, context)
  return new Showing(read[Symbol.asyncIterator](), { ...context, rules: hiding?.content ?? null })
}

/** Nothing leaves before all is known. What is wrong with an answer is found before anybody else sees a text of it. */
async function* shownWhole(
  replies: AsyncIterable<Reply>,
  hiding: Hiding,
  context: MaskContext,
): AsyncGenerator<Shown<Reply>> {
  try {
    const answer = await gathered(replies, (reply) => readAlong(reply, context.meter))
    const recognition = new Recognition(hiding)
    const first = { ...context, meter: undefined, rules: recognition.noting }
    for await (const _piece of new Showing(answer.values(), first));
    const rules = await asking('answer', context.stop, (signal) => recognition.found(signal))
    yield* new Showing(answer.values(), { ...first, guard: undefined, rules })
  } catch (error) {
    throw withheld(error)
  }
}

function withheld(error: unknown): unknown {
  return error instanceof Undecodable ? new Refused(undecodable(error.message), { cause: error }) : error
}

function undecodable(why: string): ReturnType<typeof refusal> {
  return refusal(
    'denied',
    'http/undecodable',
    `The answer must be looked into here, and ${why}. It was withheld.`,
  )
}

interface ShowContext extends Omit<MaskContext, 'hiding'> {
  readonly rules: ContentRules | null
}

/** An answer, piece by piece. Written out, since generators behind each other cost a small answer more than what is done with it. */
class Showing implements AsyncIterableIterator<Shown<Reply>, undefined> {
  readonly #replies: AsyncIterator<Reply> | Iterator<Reply>
  readonly #context: ShowContext
  #body: Body
  #flush: Shown<Reply>['flush']
  #status = 0
  /** What comes before anything more is asked for. */
  #ready: Shown<Reply>[] = []
  /** Of an answer that cannot be looked into: it leaves where there is nothing to look into. */
  #head: Shown<Reply> | undefined

  constructor(replies: AsyncIterator<Reply> | Iterator<Reply>, context: ShowContext) {
    this.#replies = replies
    this.#context = context
    this.#body = new Body(null, context)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Shown<Reply>, undefined>> {
    try {
      for (;;) {
        const ready = this.#ready.shift()
        if (ready !== undefined) return { done: false, value: ready }
        const next = await this.#replies.next()
        if (next.done === true) return over
        this.#show(next.value)
      }
    } catch (error) {
      await this.#replies.return?.()
      throw withheld(error)
    }
  }

  async return(): Promise<IteratorResult<Shown<Reply>, undefined>> {
    await this.#replies.return?.()
    return over
  }

  #show(reply: Reply): void {
    readAlong(reply, this.#context.meter)
    switch (reply.kind) {
      case 'head':
        return this.#showHead(reply)
      case 'data': {
        const piece = this.#flushed(this.#body.push(reply.bytes))
        if (piece !== undefined) this.#ready.push(piece)
        return
      }
      case 'end': {
        const bodiless = this.#context.bodiless || isBodiless(this.#status)
        const rest = bodiless ? undefined : this.#body.end()
        if (this.#head !== undefined) this.#ready.push(this.#head)
        if (rest !== undefined && rest.record.length > 0) this.#ready.push(rest)
        this.#ready.push(endShown(reply, this.#status, this.#context))
      }
    }
  }

  #showHead(reply: Reply & { kind: 'head' }): void {
    const { status } = reply
    this.#status = status
    if (status === 401) this.#context.rejected()
    if (this.#context.rules !== null && partly.has(status)) throw new Refused(inPart)
    const type = contentTypeOf(reply)
    this.#body = new Body(type, this.#context)
    this.#flush = isEvents(type) ? 'now' : undefined
    const head = headShown(reply, this.#context)
    if (this.#body.readable) this.#ready.push(head)
    else this.#head = head
  }

  #flushed(piece: Shown<Reply>): Shown<Reply> | undefined {
    if (piece.record.length === 0) return undefined
    const flush = this.#flush
    if (flush === undefined) return piece
    // The first of them tells that something comes.
    this.#flush = 'soon'
    return { ...piece, flush }
  }
}

const over = { done: true, value: undefined } as const

/** A part of it, or how it differs from another answer (RFC 3229), whoever asked for that. */
const partly: ReadonlySet<number> = new Set([206, 226])
const inPart = refusal(
  'denied',
  'http/in_parts',
  'The answer is masked here, and the target gave only a part of it. It was withheld.',
)

function readAlong(reply: Reply, meter: MaskContext['meter']): void {
  if (meter === undefined) return
  switch (reply.kind) {
    case 'head':
      return meter.head(reply.status, contentTypeOf(reply))
    case 'data':
      return meter.data(reply.bytes)
    case 'end':
      return meter.end()
  }
}

function contentTypeOf({ headers }: Reply & { kind: 'head' }): string | null {
  return headerOf(headers, 'content-type') ?? null
}

const nothing = Buffer.alloc(0)

function headShown(
  reply: Reply & { kind: 'head' },
  { sight, rules, pseudonyms, guard, decision, hidden, acceptEncoding }: ShowContext,
): Shown<Reply> {
  const { status, headers, coding } = shownHead(reply, { ...sight, rewritten: rules !== null })
  guard?.refuse(textOf(headers))
  const { fields, masked } = maskedFields(headers, rules, pseudonyms)
  const head = { kind: 'head', status, headers: [...fields, ['x-sluice-decision', decision]] } as const
  return {
    item: coding === undefined ? head : codedHead(head, coding, acceptEncoding),
    record: Buffer.from(recordedHead(`HTTP/1.1 ${status}`, fields)),
    rows: 0,
    masked: [...hidden(), ...masked],
  }
}

function endShown(
  reply: Reply & { kind: 'end' },
  status: number,
  { sight, rules, pseudonyms, guard }: ShowContext,
): Shown<Reply> {
  const trailers = shownTrailers(reply.trailers, { ...sight, rewritten: rules !== null })
  guard?.refuse(textOf(trailers))
  const { fields, masked } = maskedFields(trailers, rules, pseudonyms)
  const end = { outcome: status >= 400 ? 'failed' : 'completed', status: String(status) } as const
  return { item: { kind: 'end', trailers: fields }, record: nothing, rows: 0, masked, end }
}

function textOf(fields: Headers): string {
  return fields.map(([name, value]) => `${name}: ${value}`).join('\n')
}

/** Who looks on sees them as they come, and whoever replays them sees how they came. */
function isEvents(contentType: string | null): boolean {
  return contentType !== null && /^\s*text\/event-stream\b/i.test(contentType)
}

/** Looked into once there is something: an answer without content needs no type. */
class Body {
  readonly #contentType: string | null
  readonly #context: ShowContext
  #masker: ContentMasker | undefined

  constructor(contentType: string | null, context: ShowContext) {
    this.#contentType = contentType
    this.#context = context
  }

  /** By its type. */
  get readable(): boolean {
    const { rules } = this.#context
    if (rules === null) return true
    try {
      this.#masker = this.#made(rules)
      return true
    } catch (error) {
      if (error instanceof Undecodable) return false
      throw error
    }
  }

  push(bytes: Buffer): Shown<Reply> {
    const { guard } = this.#context
    return this.#masked(guard === undefined ? bytes : guard.pass(bytes))
  }

  end(): Shown<Reply> {
    const last = this.#masked(this.#context.guard?.end() ?? nothing)
    const end = this.#masker?.end()
    if (end === undefined) return last
    return shown(Buffer.concat([last.record, end.bytes]), [...last.masked, ...end.masked])
  }

  #masked(bytes: Buffer): Shown<Reply> {
    const { rules } = this.#context
    if (rules === null || bytes.length === 0) return shown(bytes, [])
    this.#masker ??= this.#made(rules)
    const piece = this.#masker.push(bytes)
    return shown(piece.bytes, piece.masked)
  }

  #made(rules: ContentRules): ContentMasker {
    return contentMasker(this.#contentType, rules, this.#context.pseudonyms)
  }
}

function shown(bytes: Buffer, masked: readonly MaskCount[]): Shown<Reply> {
  return { item: { kind: 'data', bytes }, record: bytes, rows: 0, masked }
}
