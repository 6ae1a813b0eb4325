import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import type { EventStore, NewEvent } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import * as constants from '@sluice/postgres/constants'
import {
  intercepted,
  message,
  messagesOf,
  startBackend,
  startRelay,
  startupOf,
  TraceFinder,
  WireClient,
  type Backend,
  type Relay,
} from '../src/index.ts'
import { nobodyWaits, startGateway, type Gateway } from '../src/gateway.ts'

/** No content of a refused exchange goes upstream, and what goes in its place is on the adapter's constant list. */

const starter = fileURLToPath(new URL('../../policies/starter', import.meta.url))
const canary = 'cnry-7f3a91e5-4b'
const found = new TraceFinder({ canary })

const { query, parse, bind, describe, execute, close, sync, flush, functionCall, frame } = message

interface Case {
  readonly what: string
  readonly bytes: Buffer
  /** SQLSTATE of the first error. */
  readonly code: string
}

const refused = `drop table t /* ${canary} */`
const cases: readonly Case[] = [
  { what: 'a statement', bytes: query(refused), code: '42501' },
  {
    what: 'a statement beside allowed ones',
    bytes: query(`select 1; ${refused}; select '${canary}'`),
    code: '42501',
  },
  { what: 'a literal', bytes: query(`delete from t where b = '${canary}'`), code: 'SL001' },
  { what: 'an unknown function', bytes: query(`select pg_read_file('${canary}')`), code: '42501' },
  { what: 'an unknown table', bytes: query(`select * from "${canary}"`), code: '42P01' },
  { what: 'a syntax error', bytes: query(`selec '${canary}'`), code: '42601' },
  { what: 'a prepared statement', bytes: Buffer.concat([parse('', refused), sync]), code: '42501' },
  { what: 'its name', bytes: Buffer.concat([parse(canary, refused), sync]), code: '42501' },
  {
    what: 'its name in a Close behind Flush',
    bytes: Buffer.concat([parse(canary, refused), flush, close('S', canary), sync]),
    code: '42501',
  },
  {
    what: 'its name in a Close behind Sync',
    bytes: Buffer.concat([parse(canary, refused), sync, close('S', canary), close('P', canary), sync]),
    code: '42501',
  },
  {
    what: 'a parameter of a held execution',
    bytes: Buffer.concat([
      parse('', 'delete from t where b = $1'),
      bind({ values: [canary] }),
      describe('P'),
      execute(),
      sync,
    ]),
    code: 'SL001',
  },
  {
    what: 'a portal name',
    bytes: Buffer.concat([
      parse('', 'delete from t where a = 1'),
      bind({ portal: canary }),
      execute(canary),
      sync,
    ]),
    code: 'SL001',
  },
  {
    what: 'an unknown statement name',
    bytes: Buffer.concat([bind({ statement: canary }), sync]),
    code: '26000',
  },
  { what: 'an unknown portal name', bytes: Buffer.concat([execute(canary), sync]), code: '34000' },
  { what: 'a described name', bytes: Buffer.concat([describe('S', canary), sync]), code: '26000' },
  { what: 'a function call', bytes: functionCall(957, [canary]), code: '0A000' },
  {
    what: 'what follows a refusal in its pipeline',
    bytes: Buffer.concat([parse('', refused), parse('x', `select '${canary}'`), sync]),
    code: '42501',
  },
  {
    what: 'COPY data for a refused COPY',
    bytes: Buffer.concat([query("copy t from program 'x'"), frame('d', canary), frame('c')]),
    code: '42501',
  },
]

const constantMessages = new Set(
  Object.values(constants)
    .filter((value): value is Buffer => Buffer.isBuffer(value))
    .concat([constants.closeNothing.S, constants.closeNothing.P])
    .map((bytes) => bytes.toString('latin1')),
)

const recorded: NewEvent[] = []

suite('nothing of a refused request goes upstream', () => {
  let provider: IdentityProvider
  let backend: Backend
  let relay: Relay
  let gateway: Gateway

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table t (a int, b text)')
    const login = backend.login('postgres')
    relay = await startRelay(login)
    gateway = await startGateway({
      provider,
      policies: starter,
      policyData: nobodyWaits,
      targets: [{ name: 'shop', login: { ...login, host: relay.host, port: relay.port } }],
      store: recording,
    })
  })
  after(async () => {
    await gateway?.close()
    await relay?.close()
    await backend?.close()
    await provider?.close()
  })

  for (const { what, bytes, code } of cases)
    test(what, async () => {
      const client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
      await client.query('select 1')
      const syncs = bytes.toString('latin1').split(sync.toString('latin1')).length - 1
      const heard = relay.mark()
      client.send(bytes)
      const answer = await client.ready(Math.max(1, syncs))
      assert.equal(answer.errors[0]?.code, code, answer.text)
      assert.equal((await client.query('select 2')).rows[0]?.[0], '2')
      for (const up of heard.up()) assert.equal(found.find(up), undefined)
      client.close()
    })

  test('everything else upstream was allowed, or is a constant', () => {
    const allowed = allowedContents(recorded)
    let judged = 0
    for (const connection of relay.connections) {
      const own = startupOf(connection)?.get('application_name') === 'sluice catalogue'
      for (const { type, body } of messagesOf(connection)) {
        const bytes = frame(type, body)
        if (type === 'p' || (own && type === 'Q') || constantMessages.has(bytes.toString('latin1'))) continue
        judged++
        const name = type === 'C' || type === 'D' ? body.subarray(1, -1) : bytes
        assert.ok(
          allowed.some((content) => content.includes(name)),
          `upstream: ${JSON.stringify(bytes.toString('latin1'))}`,
        )
      }
    }
    assert.ok(judged > cases.length)
  })
})

/** The plain content of every request that a decision allowed. */
function allowedContents(events: readonly NewEvent[]): readonly Buffer[] {
  const effects = new Map<string, string>()
  for (const event of events)
    if (event.type === 'DecisionMade') effects.set(event.data.exchange, event.data.effect)
  return events.flatMap((event) =>
    event.type === 'RequestReceived' &&
    effects.get(event.data.exchange) === 'allow' &&
    event.sealed !== undefined
      ? [Buffer.from(event.sealed)]
      : [],
  )
}

/** Keeps what the engine appends before it is sealed. */
function recording(store: EventStore): EventStore {
  return intercepted(store, (unit, options) => {
    recorded.push(...unit.events.map((event) => ({ ...event, ...copied(event.sealed) })))
    return store.append(unit, options)
  })
}

function copied(sealed: Uint8Array | undefined): { readonly sealed?: Uint8Array } {
  return sealed === undefined ? {} : { sealed: Buffer.from(sealed) }
}
