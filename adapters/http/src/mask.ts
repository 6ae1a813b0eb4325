import { refusal, Refused, type MaskCount, type Shown } from '@sluice/core'
import { shownHead, type Sight } from './answer-head.ts'
import type { EchoGuard } from './echo-guard.ts'
import { recordedHead } from './recorded-text.ts'
import { headerOf, type Reply } from './replies.ts'

/** Rewrites a body piece by piece. Throws when it cannot read what it is given; then nothing more may leave. */
export interface BodyMasker {
  push(chunk: Buffer): { readonly bytes: Buffer; readonly masked: readonly MaskCount[] }
  end(): { readonly bytes: Buffer; readonly masked: readonly MaskCount[] }
}

export interface MaskPlan {
  /** By Content-Type; throws for what it cannot read. `null`: nothing is masked. */
  readonly masker: ((contentType: string | null) => BodyMasker) | null
}

export interface MaskContext {
  readonly sight: Omit<Sight, 'rewritten'>
  /** Whether the answer has no body whatever its head says. */
  readonly bodiless: boolean
  /** `undefined`: there is no credential to look for. */
  readonly guard: EchoGuard | undefined
  /** `dec_…` */
  readonly decision: string
  /** The target did not accept what it was shown. Throws where that was the gateway's own credential. */
  readonly rejected: () => void
}

/** Station 7: what the caller may see of an answer, as it streams. */
export async function* masked(
  replies: AsyncIterable<Reply>,
  { masker: maskerOf }: MaskPlan,
  context: MaskContext,
): AsyncGenerator<Shown<Reply>> {
  let body: Body | undefined
  let status = 0
  for await (const reply of replies) {
    switch (reply.kind) {
      case 'head': {
        status = reply.status
        if (status === 401) context.rejected()
        const bodiless = context.bodiless || status === 204 || status === 304
        body = new Body(bodiless || maskerOf === null ? null : maskerOf(contentTypeOf(reply)), context.guard)
        yield headShown(reply, maskerOf !== null, context)
        break
      }
      case 'data': {
        const piece = body?.push(reply.bytes)
        if (piece !== undefined && piece.record.length > 0) yield piece
        break
      }
      case 'end': {
        const rest = body?.end()
        if (rest !== undefined && rest.record.length > 0) yield rest
        const end = { outcome: status >= 400 ? 'failed' : 'completed', status: String(status) } as const
        yield { item: reply, record: nothing, rows: 0, masked: [], end }
      }
    }
  }
}

const nothing = Buffer.alloc(0)

function contentTypeOf(head: Reply & { kind: 'head' }): string | null {
  return headerOf(head.headers, 'content-type') ?? null
}

function headShown(
  reply: Reply & { kind: 'head' },
  rewritten: boolean,
  { sight, guard, decision, bodiless }: MaskContext,
): Shown<Reply> {
  const encoded = headerOf(reply.headers, 'content-encoding')?.toLowerCase()
  if ((rewritten || guard !== undefined) && !bodiless && encoded !== undefined && encoded !== 'identity')
    throw new Refused(unreadable)
  const { status, headers } = shownHead(reply, { ...sight, rewritten })
  if (guard !== undefined) for (const [name, value] of headers) guard.refuse(`${name}: ${value}`)
  return {
    item: { kind: 'head', status, headers: [...headers, ['x-sluice-decision', decision]] },
    record: Buffer.from(recordedHead(`HTTP/1.1 ${status}`, headers)),
    rows: 0,
    masked: [],
  }
}

const unreadable = refusal(
  'denied',
  'http/undecodable',
  'The answer is encoded in a way that cannot be looked into, so it was withheld.',
)

class Body {
  readonly #masker: BodyMasker | null
  readonly #guard: EchoGuard | undefined

  constructor(masker: BodyMasker | null, guard: EchoGuard | undefined) {
    this.#masker = masker
    this.#guard = guard
  }

  push(bytes: Buffer): Shown<Reply> {
    const honest = this.#guard === undefined ? bytes : this.#guard.pass(bytes)
    if (this.#masker === null || honest.length === 0) return shown(honest, [])
    const piece = this.#masker.push(honest)
    return shown(piece.bytes, piece.masked)
  }

  end(): Shown<Reply> {
    const rest = this.#guard?.end() ?? nothing
    if (this.#masker === null) return shown(rest, [])
    const last = rest.length === 0 ? undefined : this.#masker.push(rest)
    const end = this.#masker.end()
    if (last === undefined) return shown(end.bytes, end.masked)
    return shown(Buffer.concat([last.bytes, end.bytes]), [...last.masked, ...end.masked])
  }
}

function shown(bytes: Buffer, masked: readonly MaskCount[]): Shown<Reply> {
  return { item: { kind: 'data', bytes }, record: bytes, rows: 0, masked }
}
