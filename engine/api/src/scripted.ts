import type { FastifyInstance } from 'fastify'
import {
  createGate,
  refusal,
  Refused,
  StoreError,
  systemClock,
  systemIds,
  type Engine,
  type EventStore,
  type Identity,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type Target,
  type Unit,
} from '@sluice/core'
import { createApi, type ApiPorts } from './app.ts'

/** A log in memory, for tests of what the API shows of it. */
export class ScriptedStore implements EventStore {
  healthy = true
  failure: StoreError | undefined
  readonly #events: RecordedEvent[] = []
  #changed = Promise.withResolvers<void>()

  async append({ stream, events }: Unit): Promise<Position> {
    if (this.failure !== undefined) throw this.failure
    for (const event of events) this.#events.push(this.#recorded(stream, event))
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
    return positionOf(this.#events.length)
  }

  async *read(after?: Position): AsyncGenerator<RecordedEvent> {
    yield* this.#events.slice(Number(after ?? 0))
  }

  async *subscribe(after: Position | undefined, signal: AbortSignal): AsyncGenerator<RecordedEvent> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    for (let at = Number(after ?? 0); !signal.aborted;) {
      const changed = this.#changed.promise
      const next = this.#events[at]
      if (next === undefined) await Promise.race([changed, aborted])
      else {
        at += 1
        yield next
      }
    }
  }

  async close(): Promise<void> {}

  #recorded(stream: string, event: NewEvent): RecordedEvent {
    const before = this.#events.filter((other) => other.stream === stream)
    const envelope = {
      stream,
      seq: before.length,
      writer: 'test',
      epoch: 1,
      schema: 1,
      trace_id: event.trace_id ?? null,
      run_id: event.run_id ?? null,
      sealed: event.sealed === undefined ? null : Buffer.from('ciphertext'),
      prev_hash: Buffer.alloc(2, 0xaa),
      hash: Buffer.alloc(2, 0xbb),
      sig: null,
      position: positionOf(this.#events.length + 1),
    }
    return { ...event, ...envelope }
  }
}

function positionOf(count: number): Position {
  return String(count) as Position
}

export const shop: Target = {
  name: 'shop',
  protocol: 'postgres',
  labels: { env: 'test' },
  address: { host: 'db.internal', port: 5432 },
  settings: { database: 'secret-name' },
}

/** Tokens are the names of their subjects, with a number behind a slash for another token of the same. */
export function identityOf(token: string): Identity {
  const name = token.split('/')[0] ?? ''
  const groups: Readonly<Record<string, readonly string[]>> = {
    alice: ['analysts'],
    erin: ['auditors'],
    bob: [],
  }
  const own = groups[name]
  if (own === undefined)
    throw new Refused(refusal('token_refused', 'identity/unknown', 'Nobody knows this token.'))
  const subject = {
    id: `test#${name}`,
    type: 'human',
    issuer: 'test',
    groups: own,
    claims: {},
    on_behalf_of: null,
  } as const
  return { subject, tokenId: token, expiresAt: 4_000_000_000_000 }
}

export interface ScriptedApi {
  readonly app: FastifyInstance
  readonly store: ScriptedStore
  readonly engine: Engine
  /** A live session of the token's subject; its id. */
  open(token: string): Promise<string>
}

/** The API over the real engine, a log in memory and tokens that are names. */
export function scriptedApi(change: Partial<ApiPorts> = {}): ScriptedApi {
  const store = new ScriptedStore()
  const authenticator = { authenticate: async (token: string) => identityOf(token) }
  const targets = { find: (name: string) => (name === shop.name ? shop : undefined), list: () => [shop] }
  const engine = createGate({
    gateway: 'test',
    authenticator,
    targets,
    store,
    clock: systemClock,
    ids: systemIds(systemClock),
    pdp: { revision: 'test', evaluate: () => Promise.reject(new Error('nothing is judged here')) },
    credentials: { credential: () => Promise.reject(new Error('nothing is dialled here')) },
    dialer: { dial: () => Promise.reject(new Error('nothing is dialled here')) },
    report: () => {},
  })
  const app = createApi({
    engine,
    authenticator,
    store,
    targets,
    exchange: async () => ({ status: 200, body: { access_token: 'slu_test' } }),
    auditors: ['auditors'],
    readiness: () => ({ ready: store.healthy, checks: { log: store.healthy } }),
    ...change,
  })
  const open = async (token: string): Promise<string> => {
    const client = { ip: '127.0.0.1', application: null }
    const run = { id: null, trace_id: null }
    return (await engine.open({ protocol: 'postgres', target: 'shop', token, client, run })).id
  }
  return { app, store, engine, open }
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` }
}
