import { createHash } from 'node:crypto'
import {
  refusal,
  Refused,
  withoutSecrets,
  type Action,
  type Credential,
  type Exchange,
  type Hold,
  type Obliged,
  type Permit,
  type Refusal,
  type Shown,
  Stop,
  type StopReason,
  type Usage,
  type Verdict,
} from '@sluice/core'
import { Encoder } from '@sluice/masking'
import type { Sight } from './answer-head.ts'
import { EchoGuard, formsOf } from './echo-guard.ts'
import { stopped } from './flight.ts'
import { handOver, type Caller } from './hand-over.ts'
import type { Meter } from './llm/meter.ts'
import type { Llm } from './llm/llm.ts'
import type { Profile } from './llm/operation.ts'
import { masked } from './mask.ts'
import { valueFields } from './normalise.ts'
import { oblige, type MaskPlan, type Means, type Sent } from './obligations.ts'
import { asking } from './recognised.ts'
import { isSecret, recordedBody, recordedHead } from './recorded-text.ts'
import { refuse } from './refuse.ts'
import { headerOf, type Headers, type Reply } from './replies.ts'
import { SecondAttempt } from './second-attempt.ts'
import { addressOf, type Outgoing, type Upstream } from './upstream.ts'

/** What is judged, as far as anybody can vouch for it. */
export interface Judged {
  readonly action: Action
  readonly request: Outgoing
  readonly objection: Refusal | undefined
  /** What it asks of a language model. */
  readonly llm: Llm | null
}

export interface Line extends Caller {
  readonly upstream: Upstream
  readonly credential: Credential | null
  /** What there is in the place of the one that the target refused; the same where there is no other. */
  readonly another: (refused: Credential) => Promise<Credential>
  readonly sight: Omit<Sight, 'rewritten'>
  readonly means: Means
  readonly profile: Profile | null
  /** Counts what it uses; `undefined`: there is nothing to count. */
  readonly meter: Meter | undefined
  /** The caller asked to be told at once when people must decide. */
  readonly async: boolean
  /** What the caller takes an answer in, as it says. */
  readonly acceptEncoding: string | null
}

type Head = Reply & { readonly kind: 'head' }

/** One request and its answer. */
export class HttpExchange implements Exchange<never, Reply, MaskPlan> {
  readonly actions: readonly [Action, ...Action[]]
  readonly content: Buffer
  readonly recordable: Buffer | undefined
  readonly objection: Refusal | undefined
  readonly sealed: readonly string[] = valueFields
  readonly waits: boolean
  readonly body: AsyncIterable<never> = nothing
  readonly #request: Outgoing
  readonly #llm: Llm | null
  readonly #line: Line
  #decision = ''
  /** What was hidden in the request that was sent. */
  #hidden: Sent['hidden'] = []
  #stop = new Stop<StopReason>()
  #head: Head | undefined
  #headWaits = false
  #encoder: Encoder | undefined
  #guard: EchoGuard | undefined

  constructor({ action, request, objection, llm }: Judged, line: Line) {
    this.#request = request
    this.#llm = llm
    this.#line = line
    this.actions = [action]
    this.objection = objection
    this.waits = !line.async
    const { method, headers, body } = request
    const first = `${method} ${addressOf(request)} HTTP/1.1`
    const head = headText(first, headers)
    this.content = message(head, body)
    const [clearHead, clearBody] = [recordedHead(first, headers), recordedBody(body)]
    if (clearHead !== head || clearBody !== body) this.recordable = message(clearHead, clearBody)
  }

  oblige(verdicts: readonly Verdict[]): Obliged<MaskPlan> {
    return oblige(verdicts, this.#request, this.#line.means, this.#llm)
  }

  bound(): Uint8Array {
    const { method, headers, body } = this.#request
    const lasting = headers.filter(([name]) => !isOfTheAttempt(name))
    const head = JSON.stringify([method, addressOf(this.#request), lasting])
    return createHash('sha256').update(`${head.length}:${head}`).update(body).digest()
  }

  /** The whole of it, but no secret. Values may be in the query and in the body. */
  shown(): Uint8Array {
    const { method, path, query, headers, body } = this.#request
    const target = `${method} ${withoutSecrets(path)}`
    const values = query === '' ? '' : withoutSecrets(`?${query}`)
    const told = headers.filter(([name]) => !isOfTheAttempt(name) && !isSecret(name))
    const rest = told.map(([name, value]) => `\n${name}: ${withoutSecrets(value)}`).join('')
    const text = body.length === 0 ? '' : `\n\n${recordedBody(body).toString()}`
    const statement = `${target}${values}${rest}${text}`
    const start = Buffer.byteLength(target)
    const spans = [
      start,
      start + Buffer.byteLength(values),
      Buffer.byteLength(statement) - Buffer.byteLength(text),
      Buffer.byteLength(statement),
    ]
    return Buffer.from(JSON.stringify({ statement, parameters: [], literals: [spans], related: null }))
  }

  /** Nothing can be said before the answer. */
  held(_hold: Hold): Disposable {
    return { [Symbol.dispose]: () => {} }
  }

  forward(
    permit: Permit,
    { request }: MaskPlan,
    _body: AsyncIterable<never>,
    stop: Stop<StopReason>,
  ): AsyncIterable<Reply> {
    this.#decision = permit.decision
    this.#stop = stop
    return typeof request === 'function' ? this.#sendOnceMade(request, permit) : this.#send(request, permit)
  }

  #send({ outgoing, hidden }: Sent, permit: Permit): AsyncIterable<Reply> {
    const { upstream, credential, meter } = this.#line
    this.#hidden = hidden
    const leave = (): void => {
      permit.spend(this.content)
      meter?.sent()
    }
    const replies = upstream.send(outgoing, credential, leave, this.#stop)
    if (credential === null) return replies
    return new SecondAttempt(replies, () => this.#sendAgain(outgoing, credential, permit))
  }

  async #sendAgain(
    outgoing: Outgoing,
    refused: Credential,
    permit: Permit,
  ): Promise<AsyncIterable<Reply> | undefined> {
    const credential = await this.#another(refused)
    if (credential === refused || !this.#watches(credential)) return undefined
    return this.#line.upstream.send(outgoing, credential, () => permit.repeat(this.content), this.#stop)
  }

  /** It may take a while, for which nobody waits who must stop. */
  async #another(refused: Credential): Promise<Credential> {
    const over = Promise.withResolvers<never>()
    using _watch = this.#stop.on((reason) => over.reject(stopped[reason]))
    return await Promise.race([this.#line.another(refused), over.promise])
  }

  /** Whether the answer will be searched for it as for the one before. */
  #watches(credential: Credential): boolean {
    const forms = formsOf(credential)
    if (forms !== undefined) this.#guard?.watchFor(forms)
    return forms === undefined || this.#guard !== undefined
  }

  /** A connection has one request under way, so none that came later leaves before it. */
  async *#sendOnceMade(make: (signal: AbortSignal) => Promise<Sent>, permit: Permit): AsyncGenerator<Reply> {
    yield* this.#send(await asking('request', this.#stop, make), permit)
  }

  maskBody(body: AsyncIterable<never>): AsyncIterable<Shown<never>> {
    return body
  }

  mask(replies: AsyncIterable<Reply>, plan: MaskPlan): AsyncIterable<Shown<Reply>> {
    const { credential, sight, means, meter, acceptEncoding } = this.#line
    const forms = credential === null ? undefined : formsOf(credential)
    this.#guard = forms === undefined ? undefined : new EchoGuard(forms)
    return masked(replies, {
      sight,
      hiding: plan.answer,
      hidden: () => this.#hidden,
      acceptEncoding,
      pseudonyms: means.pseudonyms,
      bodiless: this.#request.method === 'HEAD',
      guard: this.#guard,
      meter,
      decision: this.#decision,
      stop: this.#stop,
      rejected: () => {
        if (credential !== null) throw new Refused(credentialRejected)
      },
    })
  }

  reply(reply: Reply): Promise<void> | undefined {
    if (reply.kind === 'head') return this.#begin(reply)
    this.#handHead()
    return this.#encoder === undefined ? handOver(reply, this.#line) : this.#coded(reply, this.#encoder)
  }

  /** What comes in the same turn leaves with it, or shows that it must be told another one. */
  #begin(head: Head): undefined {
    this.#head = head
    this.#headWaits = true
    if (head.coding !== undefined) this.#encoder = new Encoder(head.coding)
    if (headerOf(head.headers, 'content-length') === undefined) this.#headLeaves(head)
  }

  /** It may be all there is for a while. */
  #headLeaves(head: Head): void {
    setImmediate(() => {
      if (!this.#headWaits || this.#head !== head) return
      const { response } = this.#line
      try {
        this.#handHead()
        response.flushHeaders()
      } catch (error) {
        // Nobody waits here who could be told.
        response.destroy(error instanceof Error ? error : undefined)
      }
    })
  }

  #handHead(): void {
    if (this.#head === undefined || !this.#headWaits) return
    this.#headWaits = false
    void handOver(this.#head, this.#line)
  }

  /** Only here, where nothing comes between it and the caller: what is not sent must not be missing behind it. */
  async #coded(reply: Exclude<Reply, { kind: 'head' }>, encoder: Encoder): Promise<void> {
    const bytes = reply.kind === 'data' ? await encoder.push(reply.bytes) : await encoder.end()
    if (bytes.length > 0) await handOver({ kind: 'data', bytes }, this.#line)
    if (reply.kind === 'end') await handOver(reply, this.#line)
  }

  async *refuse(reason: Refusal, at: 'before' | 'during'): AsyncGenerator<Reply> {
    const { response, async, profile } = this.#line
    if (at === 'before' || !response.headersSent) yield* this.#instead(refuse(reason, { async, profile }))
    else if (isEventStream(this.#head)) yield* lastEvent(reason, profile)
    else this.#breakOff()
  }

  /** In the place of a head that waits, if there is one. */
  #instead(refused: readonly Reply[]): readonly Reply[] {
    this.#encoder?.close()
    this.#encoder = undefined
    return refused
  }

  /** The caller must not take what it has for the whole: nothing in HTTP/1.1 says so but the connection's end. */
  #breakOff(): void {
    this.#encoder?.close()
    this.#line.response.destroy()
  }

  usage(): Usage | null {
    return this.#line.meter?.usage() ?? null
  }

  /** No two requests share a fate. */
  async *skip(): AsyncGenerator<Reply> {
    yield* []
  }
}

const nothing: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}

function headText(first: string, headers: Headers): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `${first}\r\n${lines}\r\n`
}

function message(head: string, body: Buffer): Buffer {
  const start = Buffer.from(head, 'latin1')
  return body.length === 0 ? start : Buffer.concat([start, body])
}

/** The caller's own token is fine: 401 would tell it to get another one. */
const credentialRejected = refusal(
  'target_unreachable',
  'http/credential',
  'The target does not accept the credential of the gateway. Tell its operator.',
)

/** Of one attempt, and different in the next: an approval of the request is not bound to it. */
const ofTheAttempt =
  /^(?:via|traceparent|tracestate|baggage|langsmith-trace|user-agent|date|x-(?:request|correlation|amzn-trace)-id|x-stainless-.*|idempotency-key)$/

function isOfTheAttempt(name: string): boolean {
  return ofTheAttempt.test(name)
}

function isEventStream(head: Head | undefined): boolean {
  const type = head === undefined ? undefined : headerOf(head.headers, 'content-type')
  return type !== undefined && /^text\/event-stream(?:$|[;\s])/i.test(type)
}

function* lastEvent(reason: Refusal, profile: Profile | null): Generator<Reply> {
  const [, body] = refuse(reason, { profile })
  const text = body?.kind === 'data' ? body.bytes.toString() : ''
  yield { kind: 'data', bytes: Buffer.from(`event: error\ndata: ${text}\n\n`) }
  yield { kind: 'end', trailers: [] }
}
