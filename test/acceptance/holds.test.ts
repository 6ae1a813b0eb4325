import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageReader, type Message } from '../src/message.ts'
import type { Recorded } from '../src/relay.ts'
import type { Login } from '../src/wire-client.ts'
import { impatientCases, patientCases } from './clients/holding.ts'
import { connected } from './clients/node-postgres.ts'
import { openHoldingStage } from './holding.ts'
import { pythonVersion, runWithPython } from './python.ts'
import { seenIn, transcribe, type Transcript } from './transcript.ts'

/**
 * A client whose statement waits for people goes on as if the server had been slow; one that gives up gets nothing
 * performed. `SLUICE_HOLD_S` is how long people take, e.g. longer than the idle limits of load balancers.
 */
const holdMs = Number(process.env['SLUICE_HOLD_S'] ?? 2) * 1_000
const heartbeatMs = 15_000
const isLong = holdMs >= 2 * heartbeatMs

const stage = await openHoldingStage()
after(() => stage[Symbol.asyncDispose]())

const hasPython = (await pythonVersion()) !== null
const pythonCases = hasPython ? ['with_psycopg', 'with_psycopg2', 'with_asyncpg'] : []
const names = [...Object.keys(patientCases), ...pythonCases]
const labels = ['node-postgres', 'postgres.js', 'psycopg', 'psycopg2', 'asyncpg', 'kept']

/** One client, and how long it took. */
async function timed(name: string, door: Login): Promise<readonly [Transcript, ms: number]> {
  const started = performance.now()
  const patient = patientCases[name]
  const transcript =
    patient === undefined
      ? await runWithPython('hold_cases.py', door, { cases: [name] })
      : await transcribe({ [name]: patient }, door, holdMs + 60_000)
  return [transcript, performance.now() - started]
}

async function everybody(door: Login): Promise<ReadonlyMap<string, readonly [Transcript, ms: number]>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await timed(name, door)] as const)))
}

/** Approves what each client asks for once it has waited as long as people take. */
async function approveEach(): Promise<void> {
  const votes: Promise<void>[] = []
  for (let waiting = 1; waiting <= names.length; waiting++) {
    const id = await stage.asked()
    if (isLong) console.error(`holds: ${waiting} of ${names.length} clients wait`)
    votes.push(sleep(holdMs).then(async () => assert.equal(await stage.vote(id, 'approve'), 200)))
  }
  const started = performance.now()
  const seconds = (ms: number): string => (ms / 1_000).toFixed(0)
  const progress = setInterval(
    () => console.error(`holds: ${seconds(performance.now() - started)} of ${seconds(holdMs)} s`),
    heartbeatMs,
  )
  if (!isLong) clearInterval(progress)
  await Promise.all(votes).finally(() => clearInterval(progress))
}

await stage.reset(labels)
const direct = await everybody(stage.direct)
await stage.reset(labels)
const [through] = await Promise.all([everybody(await stage.through()), approveEach()])
const answers = stage.relay.connections.map((recorded) => answerOf(recorded))

/** What a client heard behind the answer to its request for encryption. */
function answerOf({ down }: Recorded): readonly Message[] {
  const reader = new MessageReader()
  reader.push(down.subarray(down.subarray(0, 2).toString() === 'NR' ? 1 : 0))
  return reader.all()
}

suite(`approved after ${holdMs / 1_000} s`, () => {
  for (const name of names)
    test(`${name} gets the rows that the server gives`, () => {
      const [atServer] = direct.get(name) ?? []
      const [transcript, ms] = through.get(name) ?? []
      assert.ok(atServer !== undefined && transcript !== undefined && ms !== undefined)
      const rows = JSON.stringify(seenIn(atServer, name))
      assert.match(rows, /long long.*long long.*long long/)
      assert.deepEqual(seenIn(transcript, name), seenIn(atServer, name))
      assert.ok(ms >= holdMs, `${name} did not wait: ${ms} ms`)
    })

  test('every client is told once', () => {
    const notices = answers.map((messages) => messages.filter(({ type }) => type === 'N'))
    const texts = notices.filter((found) => found.length > 0)
    assert.deepEqual(
      texts.map((found) => found.length),
      names.map(() => 1),
    )
    for (const [notice] of texts)
      assert.match(
        notice?.body.toString() ?? '',
        /Waiting up to (?:39\d|400) s for an approval \(ref apr_[0-9A-Z]{26}\): Changing rows needs an approval\./,
      )
  })

  test('every connection is kept alive', { skip: !isLong && 'it waits too short a time' }, () => {
    const beats = answers
      .map((messages) => messages.slice(messages.findIndex(({ type }) => type === 'N')))
      .filter(([first]) => first?.type === 'N')
      .map((messages) => messages.filter(({ type }) => type === 'S').length)
    assert.equal(beats.length, names.length)
    for (const count of beats) assert.ok(count >= Math.floor(holdMs / heartbeatMs) - 1, `${count} heartbeats`)
  })

  test('each statement reached the server, once', () => {
    const found = stage.serverLog().match(ranDeletion) ?? []
    // At the server itself, and through Sluice.
    assert.equal(found.length, 2 * names.length)
  })
})

/** In the server's own log: what is only prepared is not in it. */
const ranDeletion = /LOG: +(?:statement|execute [^:]*): DELETE FROM jobs/g

const impatientPython = [
  'psycopg_cancel',
  'psycopg2_cancel',
  'asyncpg_command_timeout',
  'asyncpg_a_cancelled_task',
]

/** What each client says of it, and that its connection is still good, where it still has one. */
const told: Readonly<Record<string, RegExp>> = {
  'node-postgres: query_timeout of a pool': /^\[\[null,"Query read timeout"\],\[\{"n":2\}\]\]$/,
  'node-postgres: query_timeout of a client that then ends': /^\[\[null,"Query read timeout"\]\]$/,
  'postgres.js: an AbortSignal': /^\[\["57014","The request was cancelled while it waited .*\],".*:2/,
  'psql: Ctrl-C': /ERROR: {2}The request was cancelled while it waited /,
  psycopg_cancel: /^\[\["57014","The request was cancelled while it waited .*\],\[2\]\]$/,
  psycopg2_cancel: /^\[\["57014","The request was cancelled while it waited .*\],\[2\]\]$/,
  asyncpg_command_timeout: /^\[\[null,"TimeoutError"\],2\]$/,
  asyncpg_a_cancelled_task: /^\[\[null,"CancelledError"\],2\]$/,
}

suite('given up by its client', () => {
  async function givenUp(name: string, door: Login): Promise<string> {
    const giveUp = impatientCases[name]
    if (giveUp !== undefined) return JSON.stringify(await giveUp(door))
    return JSON.stringify(seenIn(await runWithPython('hold_cases.py', door, { cases: [name] }), name))
  }

  for (const name of [...Object.keys(impatientCases), ...impatientPython])
    test(
      name,
      { skip: impatientPython.includes(name) && !hasPython && 'python3 is not installed' },
      async () => {
        await stage.reset(labels)
        const before = stage.serverLog().length
        const [seen, id] = await Promise.all([givenUp(name, await stage.through()), stage.asked()])
        assert.match(seen, told[name] ?? /^never$/)
        assert.equal(await stage.ending(id), 'ApprovalCancelled')
        assert.equal(await stage.vote(id, 'approve'), 409)
        const rows = await connected(stage.direct, (client) =>
          client.query("SELECT label FROM jobs WHERE label LIKE 'kept%'"),
        )
        assert.equal(rows.rowCount, 3)
        assert.doesNotMatch(stage.serverLog().slice(before), ranDeletion)
      },
    )
})
