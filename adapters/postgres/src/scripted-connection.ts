import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import {
  byToken,
  createGate,
  denial,
  systemClock,
  systemIds,
  type NewEvent,
  type Position,
  type Session,
  type Verdict,
} from '@sluice/core'
import { builtInDetectors } from '@sluice/masking'
import { AnalysisThread } from './analysis-thread.ts'
import { Analyser } from './analyser.ts'
import { catalogueOf } from './catalogue.ts'
import { CatalogueSource } from './catalogue-source.ts'
import { Conversation } from './conversation.ts'
import { takeReply, FrameBuffer } from './frames.ts'
import { Processes } from './processes.ts'
import { Receiver } from './receiver.ts'
import { pair, ScriptedServer } from './scripted-server.ts'
import type { PostgresSettings } from './target.ts'

/** For tests: a client's connection through the gateway to a scripted server. */
export interface ScriptedConnection {
  readonly client: Duplex
  readonly server: ScriptedServer
  /** Where the server writes: for what a script does not say. */
  readonly serverEnd: Duplex
  /** What the log was given. */
  readonly events: readonly NewEvent[]
  /** Whole messages that the client got. */
  readonly answers: readonly Buffer[]
  readonly over: Promise<void>
}

const thread = new AnalysisThread()
const catalogue = catalogueOf({
  relations: [['10', 'public', 't', 'r']],
  columns: [['10', '1', 'a']],
  inherits: [],
  functions: [],
  operators: [],
  fields: [],
  types: [
    ['public', 'mood', '', 'e', '20000', '20001', ''],
    ['public', 'tag', '', 'd', '20002', '20003'],
  ],
})
const limits = { rows: null, bytes: null, timeout_ms: null }
const allow: Verdict = { effect: 'allow', reasons: [], mask: [], limits, approval: null, labels: {} }
const deny = denial('test/drop', 'Not here.')
const settings: PostgresSettings = {
  database: 'd',
  tls: 'disable',
  tls_ca: null,
  schemas: ['public'],
  connect_timeout_ms: 1_000,
  overlap_reads: false,
  pool: null,
  functions: [],
}
const target = { name: 't', protocol: 'postgres', labels: {}, address: { host: '', port: 0 }, settings }

/** Everything is allowed but DROP. */
export async function connected(): Promise<ScriptedConnection> {
  const events: NewEvent[] = []
  const gate = createGate({
    gateway: 'gw',
    authenticator: {
      authenticate: () =>
        Promise.resolve({
          subject: { id: 's', type: 'service', issuer: 'i', groups: [], claims: {}, on_behalf_of: null },
          tokenId: 'tok',
          expiresAt: systemClock.now() + 900_000,
        }),
    },
    credentials: { credential: () => Promise.resolve({ user: 'u', password: 'p' }) },
    dialer: { dial: () => Promise.reject(new Error('no second connection')) },
    targets: { find: () => target, list: () => [target] },
    pdp: {
      revision: 'r',
      evaluate: ({ action }) => ({ verdict: action.kind.startsWith('drop') ? deny : allow, revision: 'r' }),
    },
    store: {
      healthy: true,
      live: true,
      append: (unit) => {
        events.push(...unit.events)
        return Promise.resolve('1' as Position)
      },
      async *read() {},
      async *subscribe() {},
      close: () => Promise.resolve(),
    },
    clock: systemClock,
    ids: systemIds(systemClock),
    report: (what, error) => assert.fail(`${what}: ${String(error)}`),
  })
  const hello = {
    protocol: 'postgres',
    target: 't',
    proof: byToken('x'),
    client: { ip: '127.0.0.1', application: null },
    run: { id: null, trace_id: null },
  }
  const session = (await gate.open(hello)) as Session<PostgresSettings>
  const [client, clientEnd] = pair()
  const [upstream, serverEnd] = pair()
  const server = new ScriptedServer(serverEnd)
  const conversation = new Conversation({
    session,
    client: clientEnd,
    receiver: new Receiver(clientEnd),
    login: { socket: upstream, parameters: new Map(), cancelKey: null, identity: '' },
    analyser: new Analyser(new CatalogueSource(() => Promise.resolve(catalogue)), thread),
    processes: new Processes(),
    means: { detectors: builtInDetectors, recognised: new Set(), pseudonyms: undefined },
    run: hello.run,
  })
  const buffer = new FrameBuffer()
  const answers: Buffer[] = []
  client.on('data', (chunk: Buffer) => {
    buffer.push(Buffer.from(chunk))
    for (let message = takeReply(buffer, 1e6); message !== undefined; message = takeReply(buffer, 1e6))
      answers.push(message)
  })
  return { client, server, serverEnd, events, answers, over: conversation.run() }
}
