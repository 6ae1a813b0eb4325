import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import postgres from 'postgres'
import type { Login } from '../src/wire-client.ts'
import { clientOf } from './clients/node-postgres.ts'
import { psql } from './clients/psql.ts'
import { runPython, pythonVersion } from './python.ts'
import { openStage } from './stage.ts'
import { seenIn } from './transcript.ts'

/** However a client names its run, every event of what it then does carries the name. */
const stage = await openStage()
await stage.reset()
after(() => stage[Symbol.asyncDispose]())
const door = await stage.through('langchain-reporting')
const skip = (await pythonVersion()) === null && 'python3 is not installed'

interface Ids {
  readonly run: string
  readonly trace: string
  readonly traceparent: string
}

type Carrier = (door: Login, ids: Ids) => Promise<void>

const carriers: Readonly<Record<string, Carrier>> = {
  'options of a connection (node-postgres)': async (
    { host, port, user, password, database },
    { run, traceparent },
  ) => {
    const options = `-c sluice.run_id=${run} -c sluice.traceparent=${traceparent}`
    await used(new Client({ host, port, user, password, database, options }))
  },
  'the application name (node-postgres)': async (
    { host, port, user, password, database },
    { run, traceparent },
  ) => {
    const name = `agent run_id=${run};traceparent=${traceparent}`
    await used(new Client({ host, port, user, password, database, application_name: name }))
  },
  'startup parameters (postgres.js)': async (
    { host, port, user, password, database },
    { run, traceparent },
  ) => {
    const connection = { 'sluice.run_id': run, 'sluice.traceparent': traceparent }
    const sql = postgres({ host, port, user, password, database, max: 1, connection })
    await sql`SELECT ${1}::int`
    await sql.end()
  },
  'PGOPTIONS (psql)': async (to, { run, traceparent }) => {
    const env = { PGOPTIONS: `-c sluice.run_id=${run} -c sluice.traceparent=${traceparent}` }
    assert.equal((await psql(to, 'SELECT 1;\n', [], env)).code, 0)
  },
  'PGAPPNAME (psql)': async (to, { run, traceparent }) => {
    const env = { PGAPPNAME: `agent run_id=${run};traceparent=${traceparent}` }
    assert.equal((await psql(to, 'SELECT 1;\n', [], env)).code, 0)
  },
  'a comment behind the statement (psql)': async (to, { run, traceparent }) => {
    const script = `SELECT 1 /*run_id='${run}',traceparent='${traceparent}'*/;\n`
    assert.equal((await psql(to, script)).code, 0)
  },
  'a comment behind the statement (node-postgres, extended)': async (to, { run, traceparent }) => {
    const client = clientOf(to)
    await client.connect()
    await client.query(`SELECT $1::int /*run_id='${run}',traceparent='${traceparent}'*/`, [1])
    await client.end()
  },
}

async function used(client: Client): Promise<void> {
  await client.connect()
  await client.query('SELECT 1')
  await client.end()
}

const patienceMs = 45_000

/** The end of an answer is written a little after the caller has it. */
async function recorded({ run, trace }: Ids): Promise<void> {
  const wanted = ['DecisionMade', 'RequestReceived', 'ResponseCompleted']
  const deadline = performance.now() + patienceMs
  for (;;) {
    const named = (await stage.events()).filter((event) => event.run_id === run && event.trace_id === trace)
    const types = new Set(named.map(({ type }) => type as string))
    if (wanted.every((type) => types.has(type))) return
    if (performance.now() > deadline) return assert.deepEqual([...types].toSorted(), wanted)
    await sleep(50)
  }
}

suite('run and trace ids', () => {
  let number = 0
  function ids(): Ids {
    const trace = (++number).toString(16).padStart(32, '4bf92f35')
    return { run: `run-${number}`, trace, traceparent: `00-${trace}-00f067aa0ba902b7-01` }
  }

  for (const [name, carry] of Object.entries(carriers))
    test(name, async () => {
      const own = ids()
      await carry(door, own)
      await recorded(own)
    })

  for (const name of ['psycopg_options', 'asyncpg_server_settings', 'sqlalchemy_comment'])
    test(name, { skip }, async () => {
      const own = ids()
      const env = { RUN_ID: own.run, TRACEPARENT: own.traceparent }
      seenIn(await runPython('run_id_cases.py', door, { cases: [name], env }), name)
      await recorded(own)
    })

  test('the application name is recorded with the session', async () => {
    const { host, port, user, password, database } = door
    await used(new Client({ host, port, user, password, database, application_name: 'reporting agent' }))
    const opened = (await stage.events()).flatMap((event) =>
      event.type === 'SessionOpened' ? [event.data] : [],
    )
    assert.ok(opened.some(({ application }) => application === 'reporting agent'))
  })

  test('what is no id is not recorded as one', async () => {
    const client = clientOf(door)
    await client.connect()
    await client.query("SELECT 'unlike' /*traceparent='00-zz-1-01',run_id='a b'*/")
    await client.end()
    assert.ok((await stage.events()).every(({ run_id, trace_id }) => run_id !== 'a b' && trace_id !== 'zz'))
  })
})
