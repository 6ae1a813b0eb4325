import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import * as constants from '@sluice/postgres/constants'
import {
  LoginRefused,
  message,
  messagesOf,
  startBackend,
  startRelay,
  startupOf,
  WireClient,
  type Backend,
  type Recorded,
  type Relay,
} from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

/**
 * Connections that are kept for further sessions. Each target has room for one, so that the second session waits until the
 * first one's is given back or over: whether it is the same one is then no matter of luck.
 */

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))
const other = { user: 'limited_app', password: 'secret-of-limited' }

let provider: IdentityProvider
let backend: Backend
let relay: Relay
let gateway: Gateway

before(async () => {
  provider = await startIdentityProvider({ port: 0 })
  backend = await startBackend()
  await backend.run('postgres', 'create table t (a int); create sequence s; create schema second')
  await backend.run(
    'postgres',
    `create role lesser; create role least; create role ${other.user} login password '${other.password}'`,
  )
  await backend.run(
    'postgres',
    `grant connect on database postgres to ${other.user}; grant lesser, least to ${other.user}; alter role ${other.user} set role = 'lesser'`,
  )
  const login = backend.login('postgres')
  relay = await startRelay(login)
  const through = { ...login, host: relay.host, port: relay.port }
  const pooled = (name: string, pool: object, login = through): object => ({
    name,
    login,
    settings: { schemas: ['public', 'second'], pool },
  })
  gateway = await startGateway({
    provider,
    policies: allowAll,
    targets: [
      { name: 'fresh', login: through, settings: { schemas: ['public', 'second'] } },
      pooled('one', { max: 1, wait_ms: 10_000 }),
      pooled('full', { max: 1, wait_ms: 300 }),
      pooled('two', { max: 2 }),
      pooled('brief', { max: 1, idle_s: 1 }),
      pooled('short', { max: 1, life_s: 1 }),
      pooled('lesser', { max: 1 }, { ...through, ...other }),
    ] as Parameters<typeof startGateway>[0]['targets'],
  })
})
after(async () => {
  await gateway?.close()
  await relay?.close()
  await backend?.close()
  await provider?.close()
})

async function connected(
  target = 'one',
  parameters: Readonly<Record<string, string>> = {},
): Promise<WireClient> {
  return WireClient.login({ ...(await gateway.login('alice', target)), parameters })
}

async function cell(client: WireClient, sql: string): Promise<string | null> {
  const { rows, errors } = await client.query(sql)
  assert.deepEqual(errors, [], sql)
  return rows[0]?.[0] ?? null
}

/** The connection of the session before rests. */
async function settled(target?: string): Promise<void> {
  ;(await connected(target)).close()
  await sleep(150)
}

const pidOf = (client: WireClient): Promise<string | null> => cell(client, 'select pg_backend_pid()')

/** What a session sees of its question, in whatever way. */
async function seen(client: WireClient, sql: string): Promise<string> {
  const { rows, errors } = await client.query(sql)
  return JSON.stringify([rows, errors.map(({ code }) => code)])
}

interface Line {
  readonly name: string
  readonly state: { readonly connections: object | null } | null
}

interface Trace {
  readonly what: string
  readonly does: readonly string[]
  /** Answered otherwise once that was done. */
  readonly probe: string
  /** A reset does not take it away, so nobody gets the connection again. */
  readonly ends?: true
}

const traces: readonly Trace[] = [
  { what: 'a setting', does: ["set work_mem = '7MB'"], probe: 'show work_mem' },
  {
    what: 'a setting by function',
    does: ["select set_config('lock_timeout', '7s', false)"],
    probe: 'show lock_timeout',
  },
  { what: 'a time-out', does: ["set statement_timeout = '70s'"], probe: 'show statement_timeout' },
  {
    what: 'a name for the session',
    does: ["set application_name = 'first'"],
    probe: 'show application_name',
  },
  { what: 'a date style', does: ["set datestyle = 'German'"], probe: 'show datestyle' },
  { what: 'a search_path', does: ['set search_path = second'], probe: 'select current_schemas(false)::text' },
  {
    what: 'a mode of its transactions',
    does: ['set session characteristics as transaction read only'],
    probe: 'show transaction_read_only',
  },
  { what: 'a prepared statement', does: ['prepare p as select 1'], probe: 'prepare p as select 2' },
  {
    what: 'a cursor with hold',
    does: ['declare c cursor with hold for select 1'],
    probe: 'declare c cursor with hold for select 2',
  },
  { what: 'a place of a sequence', does: ["select nextval('s')"], probe: "select currval('s') > 0" },
  { what: 'the last place of any sequence', does: ["select nextval('s')"], probe: 'select lastval() > 0' },
  { what: 'a channel it listens to', does: ['listen news'], probe: 'select pg_listening_channels()' },
  {
    what: 'a plan',
    does: ["set plan_cache_mode = 'force_generic_plan'", 'prepare q as select 1'],
    probe: 'show plan_cache_mode',
  },
  {
    what: 'a temporary table',
    does: ['create temp table mine (a int)'],
    probe: 'select a from mine',
    ends: true,
  },
  {
    what: 'its temporary schema',
    does: ['create temp table mine (a int)'],
    probe: 'select pg_my_temp_schema() = 0',
    ends: true,
  },
  {
    what: 'the name of a setting of its own',
    does: ["set sluice.note = 'x'"],
    probe: "select current_setting('sluice.note', true)",
    ends: true,
  },
  {
    what: 'such a name by function',
    does: ["select set_config('sluice.note', 'x', false)"],
    probe: "select current_setting('sluice.note', true)",
    ends: true,
  },
  {
    what: 'such a name that was only reset',
    does: ['reset sluice.note'],
    probe: "select current_setting('sluice.note', true)",
    ends: true,
  },
  {
    what: 'such a name in a prepared statement',
    does: ["prepare p as select set_config('sluice.note', 'x', false)", 'execute p'],
    probe: "select current_setting('sluice.note', true)",
    ends: true,
  },
  {
    what: 'an open transaction',
    does: ['begin', 'insert into t values (7)'],
    probe: 'select count(*) from t',
    ends: true,
  },
  { what: 'a failed transaction', does: ['begin', 'select 1/0'], probe: 'select 1', ends: true },
]

suite('what one session leaves is not there for the next', () => {
  for (const { what, does, probe, ends = false } of traces)
    test(what, async () => {
      const first = await connected()
      const before = await seen(first, probe)
      // The question itself may have left something, as PREPARE does.
      first.close()
      const second = await connected()
      const pid = await pidOf(second)
      for (const sql of does) await second.query(sql)
      assert.notEqual(await seen(second, probe), before, 'nothing to be seen: the attack proves nothing')
      second.close()
      const third = await connected()
      assert.equal(await seen(third, probe), before)
      assert.equal(
        (await pidOf(third)) === pid,
        !ends,
        ends ? 'the connection is used again' : 'a new connection',
      )
      third.close()
    })

  test('an advisory lock', async () => {
    const taken = 'select pg_try_advisory_lock(7)'
    const first = await connected()
    const pid = await pidOf(first)
    await cell(first, 'select pg_advisory_lock(7)')
    const outside = await WireClient.login(backend.login('postgres'))
    assert.equal(await cell(outside, taken), 'f')
    first.close()
    const second = await connected()
    assert.equal(await pidOf(second), pid)
    assert.equal(await cell(outside, taken), 't')
    second.close()
    outside.close()
  })

  test('notifications that are under way', async () => {
    const outside = await WireClient.login(backend.login('postgres'))
    const first = await connected()
    const pid = await pidOf(first)
    await first.query('listen news')
    for (let i = 0; i < 200; i++) outside.send(message.query(`notify news, 'canary ${String(i)}'`))
    first.close()
    const second = await connected()
    await outside.ready(200)
    assert.equal(await pidOf(second), pid)
    const heard = await second.query('select 1')
    assert.equal(heard.types, 'TDCZ')
    assert.equal(second.take().types, '')
    second.close()
    outside.close()
  })

  test('numbers that were chosen', async () => {
    const numbers = 'select random(), random()'
    const outside = await WireClient.login(backend.login('postgres'))
    await outside.query('select setseed(0.25)')
    const chosen = await seen(outside, numbers)
    outside.close()
    const first = await connected()
    const pid = await pidOf(first)
    await first.query('select setseed(0.25)')
    first.close()
    const second = await connected()
    assert.equal(await pidOf(second), pid)
    assert.notEqual(await seen(second, numbers), chosen)
    second.close()
  })

  test('messages that no Sync has ended', async () => {
    const first = await connected()
    const pid = await pidOf(first)
    first.send(
      message.parse('', 'insert into t values (8)'),
      message.bind(),
      message.execute(),
      message.flush,
    )
    await first.until((messages) => messages.some(({ type }) => type === 'C'))
    first.close()
    const second = await connected()
    assert.notEqual(await pidOf(second), pid)
    assert.equal(await cell(second, 'select count(*) from t where a = 8'), '0')
    second.close()
  })

  test('a statement that still runs, and its cancel', async () => {
    const first = await connected()
    const pid = await pidOf(first)
    first.send(message.query('select pg_sleep(30)'))
    await sleep(200)
    first.destroy()
    const second = await connected()
    assert.notEqual(await pidOf(second), pid)
    assert.deepEqual((await second.query('select pg_sleep(0.3)')).errors, [])
    second.close()
  })

  test('a connection that was ever cancelled, and the key of the session before', async () => {
    const login = await gateway.login('alice', 'one')
    const first = await WireClient.connect(login)
    const greeting = await first.start(login)
    const key = greeting.messages.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(8)
    const pid = await pidOf(first)
    const cancel = async (): Promise<void> => {
      const canceller = await WireClient.connect(login)
      canceller.send(message.cancelRequest(key.readInt32BE(0), key.subarray(4)))
      await canceller.end()
    }
    first.send(message.query('select pg_sleep(30)'))
    await sleep(200)
    await cancel()
    assert.equal((await first.ready()).errors[0]?.code, '57014')
    first.close()
    const second = await connected()
    assert.notEqual(await pidOf(second), pid)
    second.send(message.query('select pg_sleep(0.5)'))
    await sleep(100)
    await cancel()
    assert.deepEqual((await second.ready()).errors, [])
    second.close()
  })
})

suite('who gets a connection again', () => {
  const greeted = async (parameters: Readonly<Record<string, string>> = {}): Promise<string> => {
    const login = { ...(await gateway.login('alice', 'one')), parameters }
    const client = await WireClient.connect(login)
    const { messages } = await client.start(login)
    await client.query("set datestyle = 'German'; set application_name = 'changed'")
    client.close()
    return messages
      .filter(({ type }) => type === 'S')
      .map(({ body }) => body.toString())
      .toSorted()
      .join()
  }

  test('it is told the same of the server as on a new one', async () => {
    const told = await greeted()
    assert.match(told, /DateStyle\0ISO/)
    assert.equal(await greeted(), told)
    assert.match(await greeted({ application_name: 'mine' }), /application_name\0mine/)
  })

  test('only who begins with the same parameters, which RESET returns to', async () => {
    const first = await connected('one', { application_name: 'mine', options: '-c work_mem=5MB' })
    const pid = await pidOf(first)
    await first.query("set work_mem = '7MB'; set application_name = 'other'")
    first.close()
    const second = await connected('one', { application_name: 'mine', options: '-c work_mem=5MB' })
    assert.equal(await pidOf(second), pid)
    assert.equal(await cell(second, 'show work_mem'), '5MB')
    await second.query('reset application_name')
    assert.equal(await cell(second, 'show application_name'), 'mine')
    await second.query('discard all')
    assert.equal(await cell(second, 'show work_mem'), '5MB')
    second.close()
    const third = await connected('one', { application_name: 'mine' })
    assert.notEqual(await pidOf(third), pid)
    assert.equal(await cell(third, 'show work_mem'), '4MB')
    third.close()
  })

  test('another subject too, under its own session and its own name in the log', async () => {
    const first = await connected()
    const pid = await pidOf(first)
    first.close()
    const second = await WireClient.login(await gateway.login('bob', 'one'))
    assert.equal(await pidOf(second), pid)
    second.close()
    const opened = (await gateway.events()).filter(({ type }) => type === 'SessionOpened').slice(-2)
    const subjects = opened.map(({ data }) => (data as { readonly subject: string }).subject)
    assert.equal(new Set(subjects).size, 2)
  })

  const roles: readonly (readonly [string, string, string])[] = [
    ['is given another role at its login', `alter role ${other.user} set role = 'least'`, 'least'],
    ['has its role no more', `revoke lesser from ${other.user}`, other.user],
  ]
  for (const [what, change, expected] of roles)
    test(`nobody, once whoever the gateway is there ${what}`, async () => {
      const pids: (string | null)[] = []
      for (let i = 0; i < 2; i++) {
        const client = await connected('lesser')
        assert.equal(await cell(client, 'select current_user'), 'lesser')
        pids.push(await pidOf(client))
        client.close()
      }
      assert.equal(pids[0], pids[1])
      await settled('lesser')
      await backend.run('postgres', change)
      try {
        const client = await connected('lesser')
        assert.equal(await cell(client, 'select current_user'), expected)
        client.close()
      } finally {
        await backend.run(
          'postgres',
          `grant lesser to ${other.user}; alter role ${other.user} set role = 'lesser'`,
        )
      }
    })

  const changes: readonly (readonly [string, string, string, string])[] = [
    [
      'a role is given at its login',
      "alter role postgres set work_mem = '9MB'",
      'alter role postgres reset work_mem',
      '9MB',
    ],
    [
      'a database gives',
      "alter database postgres set work_mem = '9MB'",
      'alter database postgres reset work_mem',
      '9MB',
    ],
  ]
  for (const [what, change, undo, expected] of changes)
    test(`nobody, once ${what} something else`, async () => {
      const superuser = backend.login('postgres').user
      const first = await connected()
      const pid = await pidOf(first)
      first.close()
      await settled()
      await backend.run('postgres', change.replace('role postgres', `role ${superuser}`))
      try {
        const second = await connected()
        assert.notEqual(await pidOf(second), pid)
        assert.equal(await cell(second, 'show work_mem'), expected)
        second.close()
      } finally {
        await backend.run('postgres', undo.replace('role postgres', `role ${superuser}`))
      }
    })

  test('nobody, once the server reads another configuration', async () => {
    const first = await connected()
    const pid = await pidOf(first)
    first.close()
    await backend.run('postgres', "alter system set work_mem = '6MB'")
    await backend.run('postgres', 'select pg_reload_conf()')
    await sleep(300)
    const second = await connected()
    assert.equal(await cell(second, 'show work_mem'), '6MB')
    assert.notEqual(await pidOf(second), pid)
    second.close()
    await backend.run('postgres', 'alter system reset work_mem')
    await backend.run('postgres', 'select pg_reload_conf()')
  })

  test('nobody, once the server has closed it, and the session does not notice', async () => {
    const first = await connected()
    const pid = await pidOf(first)
    first.close()
    await settled()
    await sleep(100)
    await backend.run('postgres', `select pg_terminate_backend(${String(pid)})`)
    const second = await connected()
    assert.notEqual(await pidOf(second), pid)
    second.close()
  })

  const memories: readonly (readonly [string, string, string])[] = [
    [
      'languages remember for themselves',
      'create language remembering handler plpgsql_call_handler',
      'drop language remembering',
    ],
    [
      'triggers wait for a login',
      'create function at_login() returns event_trigger language plpgsql as $$ begin end $$; ' +
        'create event trigger at_login on login execute function at_login()',
      'drop event trigger at_login; drop function at_login()',
    ],
  ]
  for (const [what, make, drop] of memories)
    test(`nobody, where ${what}`, async () => {
      await backend.run('postgres', make)
      try {
        const first = await connected()
        const pid = await pidOf(first)
        first.close()
        const second = await connected()
        assert.notEqual(await pidOf(second), pid)
        second.close()
      } finally {
        await backend.run('postgres', drop)
      }
    })
})

suite('how many there are', () => {
  /** Those of one target that the server has now. */
  const open = async (name: string): Promise<number> => {
    const found = await backend.run(
      'postgres',
      `select count(*) from pg_stat_activity where application_name = '${name}'`,
    )
    return Number(found.rows[0]?.[0])
  }

  test('an auditor is told how many are in use, at rest and waited for, and nobody else', async () => {
    const told = async (subject: 'erin' | 'alice'): Promise<unknown> => {
      const { host, port } = gateway.api
      const headers = { authorization: `Bearer ${await gateway.token(subject)}` }
      const answer = await fetch(`http://${host}:${port}/v1/targets`, { headers })
      const lines = (await answer.json()) as readonly Line[]
      return lines.find(({ name }) => name === 'two')?.state?.connections ?? null
    }
    const first = await connected('two')
    const second = await connected('two')
    assert.deepEqual(await told('erin'), { busy: 2, resting: 0, waiting: 0, max: 2 })
    assert.equal(await told('alice'), null)
    second.close()
    await sleep(150)
    assert.deepEqual(await told('erin'), { busy: 1, resting: 1, waiting: 0, max: 2 })
    first.close()
  })

  test('a session that finds all in use is told so when its time is over', async () => {
    const first = await connected('full')
    const started = performance.now()
    await assert.rejects(connected('full'), (error: unknown) => {
      assert.ok(error instanceof LoginRefused)
      assert.equal(error.code, '53300')
      assert.match(error.message, /All 1 connections to the target "full" are in use.*300 ms.*pool\.max/)
      return true
    })
    assert.ok(performance.now() - started >= 290)
    first.close()
  })

  test('or gets one as soon as it is free, in the order of coming', async () => {
    const first = await connected()
    const order: number[] = []
    const others = [1, 2, 3].map(async (number) => {
      await sleep(number * 60)
      const client = await connected()
      order.push(number)
      client.close()
    })
    await sleep(400)
    assert.deepEqual(order, [])
    first.close()
    await Promise.all(others)
    assert.deepEqual(order, [1, 2, 3])
  })

  test('who hangs up while it waits is not given one', async () => {
    const first = await connected()
    const login = await gateway.login('alice', 'one')
    const waiting = await WireClient.connect(login)
    void waiting.start(login).catch(() => {})
    await sleep(150)
    waiting.destroy()
    await sleep(50)
    const third = connected()
    first.close()
    ;(await third).close()
  })

  test('one that rests makes room for another kind', async () => {
    for (const name of ['kind a', 'kind b', 'kind c', 'kind d']) {
      const client = await connected('two', { application_name: name })
      client.close()
      await sleep(50)
    }
    await sleep(100)
    const left = await Promise.all(['kind a', 'kind b', 'kind c', 'kind d'].map(open))
    assert.deepEqual(left, [0, 0, 1, 1])
  })

  test('many sessions share few, and each has its own while it lasts', async () => {
    const pids = new Set<string | null>()
    const busy = new Set<string | null>()
    const session = async (): Promise<void> => {
      const client = await connected('two')
      const pid = await pidOf(client)
      assert.ok(!busy.has(pid), 'two sessions have one connection')
      busy.add(pid)
      pids.add(pid)
      await client.query('select pg_sleep(0.002)')
      busy.delete(pid)
      client.close()
    }
    for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 6 }, session))
    assert.equal(pids.size, 2)
  })

  test('one that nobody wants ends', async () => {
    ;(await connected('brief', { application_name: 'brief' })).close()
    await sleep(300)
    assert.equal(await open('brief'), 1)
    await sleep(1_200)
    assert.equal(await open('brief'), 0)
  })

  test('one that has lived long enough is not used again', async () => {
    const first = await connected('short')
    const pid = await pidOf(first)
    await sleep(1_100)
    first.close()
    const second = await connected('short')
    assert.notEqual(await pidOf(second), pid)
    second.close()
  })
})

test('beside what was judged only the listed constants go upstream', async () => {
  const first = await connected('one', { application_name: 'constants' })
  first.close()
  const second = await connected('one', { application_name: 'constants' })
  await second.query('select 42')
  second.close()
  ;(await connected()).close()
  const mine = (connection: Recorded): boolean =>
    startupOf(connection)?.get('application_name') === 'constants'
  const [connection, ...more] = relay.connections.filter(mine)
  assert.ok(connection !== undefined && more.length === 0, 'two sessions, one connection')
  const { connectionState, discardAll, terminate } = constants
  const expected = [
    connectionState,
    discardAll,
    connectionState,
    message.query('select 42'),
    discardAll,
    terminate,
  ]
  const sent = messagesOf(connection)
    .filter(({ type }) => type !== 'p')
    .map(({ type, body }) => message.frame(type, body).toString('latin1'))
  assert.deepEqual(
    sent,
    expected.map((bytes) => bytes.toString('latin1')),
  )
})
