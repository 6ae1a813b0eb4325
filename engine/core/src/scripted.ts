import { createHmac } from 'node:crypto'
import type { Exchange, Shown, StopReason } from './adapter.ts'
import type { Permit } from './permit.ts'
import { refusal, type Refusal } from './errors.ts'
import type { LaneContext } from './lane.ts'
import { StoreError, type Decision, type PolicyInput } from './ports.ts'
import type { EventBody } from './decider.ts'
import type { Action, Subject } from './request.ts'
import type { Stop } from './stop.ts'
import { denial, type Pseudonyms, type Verdict } from './verdict.ts'

/** A peer with a script, for tests of the pipeline without any infrastructure. */
export const allow: Verdict = {
  effect: 'allow',
  reasons: [{ rule: 'test/allow', message: 'allowed', remedy: '' }],
  mask: [],
  limits: { rows: null, bytes: null, timeout_ms: null },
  approval: null,
  labels: {},
}

export function actionOf(name: string): Action {
  return { name, kind: name, read_only: true }
}

/** A log whose acks the test gives by hand, or that refuses. */
export class ScriptedLog {
  readonly bodies: EventBody[] = []
  readonly waiting: (() => void)[] = []
  manual = false
  failure: StoreError | undefined

  append(bodies: readonly EventBody[]): Promise<unknown> {
    if (this.failure !== undefined) return Promise.reject(this.failure)
    if (!this.manual) {
      this.bodies.push(...bodies)
      return Promise.resolve()
    }
    return new Promise<void>((resolve) =>
      this.waiting.push(() => {
        this.bodies.push(...bodies)
        resolve()
      }),
    )
  }

  types(): readonly string[] {
    return this.bodies.map((body) => body.type)
  }
}

const caller: Subject = {
  id: 'demo#app',
  type: 'service',
  issuer: 'demo',
  groups: [],
  claims: {},
  on_behalf_of: null,
}

export const scriptedPseudonyms: Pseudonyms = {
  key: 'scripted',
  digest: (purpose, value) => createHmac('sha256', `a key for ${purpose}`).update(value).digest(),
}

/** The session's side of a lane; verdicts by action name, default allow. */
export function scriptedContext(
  log: ScriptedLog,
  verdicts: Readonly<Record<string, Verdict | Promise<Decision>>> = {},
  ended: Refusal[] = [],
): LaneContext {
  let ids = 0
  return {
    session: 'ses_1',
    target: 'shop',
    protocol: 'scripted',
    approvals: undefined,
    subject: () => caller,
    run: () => ({ id: null, trace_id: null }),
    claim: () => {},
    bindingOf: (part) => part,
    approvalLink: () => null,
    ids: { next: (prefix) => `${prefix}_${++ids}`, random32: () => 4 },
    pdp: {
      revision: 'v1',
      evaluate: (input: PolicyInput) => {
        const verdict = verdicts[input.action.name] ?? allow
        return verdict instanceof Promise ? verdict : { verdict, revision: 'v1' }
      },
    },
    now: () => 1_000,
    monotonic: () => 0,
    after: () => ({ [Symbol.dispose]: () => {} }),
    moment: () => ({
      nowMs: 1_000,
      facts: { requests: 0, denied: 0, rows: 0, bytes: 0, tokens: 0, cost_micros: 0, in_flight: 1 },
    }),
    input: (_id, action, _values, approvals) => ({ action, approvals }) as PolicyInput,
    count: () => {},
    append: (bodies) => log.append(bodies),
    spendOnDenials: () => true,
    mayWait: () => true,
    waitedInVain: () => {},
    countDenial: () => 'dec_counted',
    raise: (data) => log.append([{ type: 'AlarmRaised', data }]),
    appendSoon: (...bodies) => void log.append(bodies).catch(() => {}),
    appendAbandoned: (...bodies) => void log.append(bodies).catch(() => {}),
    live: () => true,
    logged: () => log.failure === undefined,
    unusable: () => undefined,
    tooOften: () => undefined,
    asksTooMuch: () => undefined,
    idle: () => {},
    end: (reason) => ended.push(reason),
  }
}

export interface Wire {
  /** What the target got, in order. */
  readonly upstream: string[]
  /** What the caller got, in order. */
  readonly client: string[]
}

/** An exchange whose target answers with `answer`, piece by piece. */
export function scriptedExchange(
  wire: Wire,
  name: string,
  answer: readonly string[] = [`${name} done`],
  change: Partial<Exchange<string, string, null>> = {},
): Exchange<string, string, null> {
  const content = Buffer.from(name)
  return {
    actions: [actionOf(name)],
    content,
    body: pieces([]),
    bound: () => content,
    shown: () => content,
    held: () => ({ [Symbol.dispose]: () => {} }),
    oblige: () => ({ kind: 'plan', plan: null }),
    forward: (permit: Permit, _plan, _body, _stop: Stop<StopReason>) => {
      permit.spend(content)
      wire.upstream.push(name)
      return pieces(answer)
    },
    maskBody: (body) => shown(body),
    mask: (replies) => shown(replies),
    reply: (item) => void wire.client.push(item),
    refuse: (reason, at) => {
      if (at === 'before') wire.upstream.push('poison')
      return pieces([`${reason.code} ${at}`])
    },
    skip: () => pieces([]),
    ...change,
  }
}

export async function* pieces(items: readonly string[]): AsyncGenerator<string> {
  for (const item of items) yield await Promise.resolve(item)
}

async function* shown(items: AsyncIterable<string>): AsyncGenerator<Shown<string>> {
  for await (const item of items) yield { item, record: Buffer.from(item), rows: 1, masked: [] }
}

export const denied: Verdict = denial('test/deny', 'Not here.')
export const logDown: StoreError = new StoreError('unavailable', 'no log')
export const unvouched: Refusal = refusal('denied', 'adapter/closed_world', 'Nobody knows what this does.')
