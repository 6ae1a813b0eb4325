import { createHmac } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import {
  byToken,
  tokenIn,
  type Proof,
  controlStream,
  createGate,
  followed,
  refusal,
  Refused,
  StoreError,
  systemClock,
  systemIds,
  type Approvals,
  type Engine,
  type EventStore,
  type LogFollower,
  type Grants,
  type Identity,
  type LegalHolds,
  type MintedPasswords,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type Revocations,
  type TakeFollowed,
  type Target,
  type Unit,
} from '@sluice/core'
import type { AgentControl } from './agents.ts'
import { createApi, type ApiPorts } from './app.ts'
import { scriptedConsole } from './console/scripted.ts'
import { compiledOnce } from './scripted-compilers.ts'

/** A log in memory, for tests of what the API shows of it. */
export class ScriptedStore implements EventStore, LogFollower {
  healthy = true
  live = true
  failure: StoreError | undefined
  /** Content of events, by their ids. */
  readonly contents: Map<string, Uint8Array> = new Map<string, Uint8Array>()
  readonly #events: RecordedEvent[] = []
  #changed = Promise.withResolvers<void>()

  async append({ stream, events }: Unit): Promise<Position> {
    if (this.failure !== undefined) throw this.failure
    for (const event of events) {
      this.#events.push(this.#recorded(stream, event))
      if (event.sealed !== undefined) this.contents.set(event.id, event.sealed)
    }
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

  async follow(after: Position | undefined, signal: AbortSignal, take: TakeFollowed): Promise<void> {
    for await (const event of this.subscribe(after, signal))
      await take({ events: [followed(event)], position: event.position })
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
      sig: stream === controlStream ? Buffer.alloc(2, 0xcc) : null,
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
    carol: ['dba', 'operators'],
    dave: ['dba'],
    frank: ['dba'],
    grace: ['operators'],
    heidi: ['leads'],
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

/** Of a gateway at which nothing is ever held. */
const noApprovals: Approvals = {
  ask: () => Promise.reject(new Error('nothing is held here')),
  find: () => undefined,
  list: () => [],
  shown: async () => null,
  usable: () => undefined,
  park: () => {
    throw new Error('nothing is held here')
  },
  isWaitedFor: () => undefined,
  consume: async () => false,
  vote: async () => ({ kind: 'unknown' }),
  cancel: async () => ({ kind: 'unknown' }),
  lose: async () => {},
  onChange: () => ({ [Symbol.dispose]: () => {} }),
  healthy: true,
  close: async () => {},
}

/** Of a gateway at which nobody asked for anything. */
const noGrants: Grants = {
  request: () => Promise.reject(new Error('nothing is given here')),
  find: () => undefined,
  list: () => [],
  decide: async () => ({ kind: 'unknown' }),
  revoke: async () => ({ kind: 'unknown' }),
  of: () => [],
  onChange: () => ({ [Symbol.dispose]: () => {} }),
  healthy: true,
  close: async () => {},
}

/** Of a gateway at which nobody got a password. */
const noPasswords: MintedPasswords = {
  mint: () => Promise.reject(new Error('none are minted here')),
  of: () => undefined,
  list: () => [],
  healthy: true,
  close: async () => {},
}

/** Of a gateway at which no token is revoked. */
export const noRevocations: Revocations = {
  revokeToken: () => Promise.reject(new Error('nothing is revoked here')),
  revokeSubject: () => Promise.reject(new Error('nothing is revoked here')),
  of: () => undefined,
  list: () => [],
  onChange: () => ({ [Symbol.dispose]: () => {} }),
  healthy: true,
  close: async () => {},
}

/** Of a gateway at which everything may be erased. */
const noLegalHolds: LegalHolds = {
  place: () => Promise.reject(new Error('nothing is held here')),
  release: async () => ({ kind: 'unknown' }),
  list: () => [],
  onChange: () => ({ [Symbol.dispose]: () => {} }),
  healthy: true,
  close: async () => {},
}

/** Of a gateway that no agent knows. */
const noAgents: AgentControl = {
  gateway: 'test',
  lifeMs: { usual: 3_600_000, max: 86_400_000 },
  list: () => [],
  liveOf: () => undefined,
  invite: () => Promise.reject(new Error('nobody is invited here')),
  remove: async () => ({ kind: 'unknown' }),
}

export interface ScriptedApi {
  readonly app: FastifyInstance
  readonly store: ScriptedStore
  readonly engine: Engine
  /** A live session of the token's subject; its id. */
  open(token: string): Promise<string>
}

/** The API over the real engine, a log in memory and tokens that are names. */
export function scriptedApi(
  change: Partial<ApiPorts> = {},
  store: ScriptedStore = new ScriptedStore(),
): ScriptedApi {
  const authenticator = { authenticate: async (proof: Proof) => identityOf(tokenIn(proof)) }
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
  const api = createApi({
    engine,
    authenticator,
    store,
    targets,
    registered: { list: () => [] },
    source: () => 'file',
    terms: () => undefined,
    load: () => undefined,
    probe: async () => [],
    added: {
      has: (name) => name === 'build',
      read: () => ({ kind: 'unusable', problems: [{ at: 'protocol', message: 'none are taken here' }] }),
      remove: async () => false,
    },
    policyRecords: { list: () => [], gateways: () => [] },
    policies: {
      view: () => ({ active: 'test', files: 'active', rejected: null, unusable: null, revisions: [] }),
      activate: async () => ({ kind: 'unknown' }),
      activateFiles: async () => ({ kind: 'unusable', errors: 'none are taken here' }),
    },
    drafts: {
      files: async () => null,
      check: async () => [],
      test: async () => ({}),
      evaluate: async () => null,
      whatIf: async () => null,
    },
    questions: { explain: async () => null, can: async () => null },
    unseal: async ({ id }) => {
      const content = store.contents.get(id)
      return content === undefined ? { kind: 'none' } : { kind: 'content', content }
    },
    recording: () => undefined,
    approvals: noApprovals,
    past: { get: () => undefined, search: () => [] },
    grants: noGrants,
    legalHolds: noLegalHolds,
    agents: noAgents,
    records: { get: () => undefined, list: () => [], search: () => ({ sessions: [], total: 0 }) },
    exchanges: { search: async () => [], onChange: () => ({ [Symbol.dispose]: () => {} }) },
    erase: async () => ({ kind: 'erased', sessions: 1, keys: 2 }),
    revocations: noRevocations,
    passwords: noPasswords,
    issuers: () => [],
    seen: () => [],
    derivedPasswords: { password: (id) => `slu_of_${id}` },
    kills: {
      async kill(session, by, reason) {
        const data = { session, by, reason }
        const event = { id: 'evt_kill', time: 0, type: 'SessionKilled', data } as const
        await store.append({ stream: 'control', events: [event] })
        engine.session(session)?.end(refusal('token_expired', 'sluice/killed', 'It was ended.'))
      },
    },
    exchange: async () => ({ status: 200, body: { access_token: 'slu_test' } }),
    logins: {
      metadata: () => '<EntityDescriptor/>',
      start: async () => ({ login_url: 'https://idp.example/', expires_in: 600 }),
      finish: async () => 'http://127.0.0.1:1/',
    },
    console: scriptedConsole(),
    ssh: {
      line: 'ssh-ed25519 CA sluice',
      hostKey: 'ssh-ed25519 HOST sluice',
      loginLine: 'ssh-ed25519 LOGINS sluice',
      names: ['gw.example.com'],
      issue: ({ tokenId, expiresAt }, { publicKey }) => ({
        certificate: `certificate over ${publicKey}`,
        serial: '7',
        keyId: tokenId,
        fingerprint: 'SHA256:x',
        validUntil: expiresAt,
      }),
    },
    roles: { admin: ['operators'], approver: ['dba'], auditor: ['auditors'] },
    system: () => ({
      gateway: 'test',
      sessions: 0,
      log: { healthy: true, queued_bytes: 0 },
      read_models: { healthy: true, lag_ms: 0 },
      exporters: [],
    }),
    record: { verify: () => Promise.reject(new Error('nothing is read here')), outlets: () => [] },
    readiness: () => ({ ready: store.healthy, checks: { log: store.healthy } }),
    pseudonyms: {
      digest: (purpose, value) => createHmac('sha256', 'test').update(`${purpose} ${value}`).digest(),
    },
    clock: systemClock,
    ids: systemIds(systemClock),
    report: () => {},
    ...change,
  })
  const open = async (token: string): Promise<string> => {
    const client = { ip: '127.0.0.1', application: null }
    const run = { id: null, trace_id: null }
    return (await engine.open({ protocol: 'postgres', target: 'shop', proof: byToken(token), client, run }))
      .id
  }
  return { app: compiledOnce(api), store, engine, open }
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` }
}
