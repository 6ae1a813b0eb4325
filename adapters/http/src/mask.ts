import { refusal, Refused, type MaskCount, type Pseudonyms, type Shown } from '@sluice/core'
import { contentMasker, Undecodable, type ContentMasker, type ContentRules } from '@sluice/masking'
import { codedHead, shownHead, shownTrailers, type Sight } from './answer-head.ts'
import { decoded, isBodiless } from './decoded.ts'
import type { EchoGuard } from './echo-guard.ts'
import type { Meter } from './llm/meter.ts'
import { maskedFields } from './masked-fields.ts'
import { recordedHead } from './recorded-text.ts'
import { headerOf, type Headers, type Reply } from './replies.ts'

export interface MaskContext {
  readonly sight: Omit<Sight, 'rewritten'>
  /** What is hidden; `null`: nothing. */
  readonly rules: ContentRules | null
  readonly pseudonyms: Pseudonyms | undefined
  /** What was hidden in the request. */
  readonly hidden: readonly MaskCount[]
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
}

/** Station 7: what the caller may see of an answer, as it streams. */
export async function* masked(
  replies: AsyncIterable<Reply>,
  context: MaskContext,
): AsyncGenerator<Shown<Reply>> {
  const looksInto = context.rules !== null || context.guard !== undefined || context.meter !== undefined
  try {
    yield* shownOf(looksInto ? decoded(replies, context.bodiless) : replies, context)
  } catch (error) {
    throw error instanceof Undecodable ? new Refused(undecodable(error.message), { cause: error }) : error
  }
}

function undecodable(why: string): ReturnType<typeof refusal> {
  return refusal(
    'denied',
    'http/undecodable',
    `The answer must be looked into here, and ${why}. It was withheld.`,
  )
}

async function* shownOf(replies: AsyncIterable<Reply>, context: MaskContext): AsyncGenerator<Shown<Reply>> {
  let body = new Body(null, context)
  let status = 0
  for await (const reply of replies) {
    switch (reply.kind) {
      case 'head': {
        status = reply.status
        const type = headerOf(reply.headers, 'content-type') ?? null
        context.meter?.head(status, type)
        if (status === 401) context.rejected()
        body = new Body(type, context)
        yield headShown(reply, context)
        break
      }
      case 'data': {
        context.meter?.data(reply.bytes)
        const piece = body.push(reply.bytes)
        if (piece.record.length > 0) yield piece
        break
      }
      case 'end': {
        context.meter?.end()
        const rest = context.bodiless || isBodiless(status) ? undefined : body.end()
        if (rest !== undefined && rest.record.length > 0) yield rest
        yield endShown(reply, status, context)
      }
    }
  }
}

const nothing = Buffer.alloc(0)

function headShown(
  reply: Reply & { kind: 'head' },
  { sight, rules, pseudonyms, guard, decision, hidden, acceptEncoding }: MaskContext,
): Shown<Reply> {
  const { status, headers, coding } = shownHead(reply, { ...sight, rewritten: rules !== null })
  guard?.refuse(textOf(headers))
  const { fields, masked } = maskedFields(headers, rules, pseudonyms)
  const head = { kind: 'head', status, headers: [...fields, ['x-sluice-decision', decision]] } as const
  return {
    item: coding === undefined ? head : codedHead(head, coding, acceptEncoding),
    record: Buffer.from(recordedHead(`HTTP/1.1 ${status}`, fields)),
    rows: 0,
    masked: [...hidden, ...masked],
  }
}

function endShown(
  reply: Reply & { kind: 'end' },
  status: number,
  { sight, rules, pseudonyms, guard }: MaskContext,
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

/** Looked into once there is something: an answer without content needs no type. */
class Body {
  readonly #contentType: string | null
  readonly #context: MaskContext
  #masker: ContentMasker | undefined

  constructor(contentType: string | null, context: MaskContext) {
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
