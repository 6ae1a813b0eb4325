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
export async function* masked(
  replies: AsyncIterable<Reply>,
  context: MaskContext,
): AsyncGenerator<Shown<Reply>> {
  const { hiding, guard, meter, bodiless } = context
  const looksInto = hiding !== null || guard !== undefined || meter !== undefined
  const read = looksInto ? decoded(replies, bodiless) : replies
  try {
    if (hiding !== null && hiding.recognised.length > 0) yield* shownWhole(read, hiding, context)
    else yield* shownOf(read, { ...context, rules: hiding?.content ?? null })
  } catch (error) {
    throw error instanceof Undecodable ? new Refused(undecodable(error.message), { cause: error }) : error
  }
}

/** Nothing leaves before all is known. What is wrong with an answer is found before anybody else sees a text of it. */
async function* shownWhole(
  replies: AsyncIterable<Reply>,
  hiding: Hiding,
  context: MaskContext,
): AsyncGenerator<Shown<Reply>> {
  const answer = await gathered(replies, (reply) => readAlong(reply, context.meter))
  const recognition = new Recognition(hiding)
  const first = { ...context, meter: undefined, rules: recognition.noting }
  for await (const _piece of shownOf(answer, first));
  const rules = await asking('answer', context.stop, (signal) => recognition.found(signal))
  yield* shownOf(answer, { ...first, guard: undefined, rules })
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

async function* shownOf(
  replies: AsyncIterable<Reply> | Iterable<Reply>,
  context: ShowContext,
): AsyncGenerator<Shown<Reply>> {
  let body = new Body(null, context)
  let flush: Shown<Reply>['flush']
  let status = 0
  for await (const reply of replies) {
    readAlong(reply, context.meter)
    switch (reply.kind) {
      case 'head': {
        status = reply.status
        if (status === 401) context.rejected()
        body = new Body(contentTypeOf(reply), context)
        flush = isEvents(contentTypeOf(reply)) ? 'now' : undefined
        yield headShown(reply, context)
        break
      }
      case 'data': {
        const piece = body.push(reply.bytes)
        if (piece.record.length === 0) break
        yield flush === undefined ? piece : { ...piece, flush }
        // The first of them tells that something comes.
        if (flush !== undefined) flush = 'soon'
        break
      }
      case 'end': {
        const rest = context.bodiless || isBodiless(status) ? undefined : body.end()
        if (rest !== undefined && rest.record.length > 0) yield rest
        yield endShown(reply, status, context)
      }
    }
  }
}

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
    const { rules, pseudonyms } = this.#context
    if (rules === null || bytes.length === 0) return shown(bytes, [])
    this.#masker ??= contentMasker(this.#contentType, rules, pseudonyms)
    const piece = this.#masker.push(bytes)
    return shown(piece.bytes, piece.masked)
  }
}

function shown(bytes: Buffer, masked: readonly MaskCount[]): Shown<Reply> {
  return { item: { kind: 'data', bytes }, record: bytes, rows: 0, masked }
}
