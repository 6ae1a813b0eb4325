import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { DatabaseError } from 'pg'
import { connected as withClient } from './clients/node-postgres.ts'
import { refusalCases, type ToldRefusal } from './clients/refusal.ts'
import { runWithPython } from './python.ts'
import { openStage } from './stage.ts'
import { seenIn, transcribe, type Transcript } from './transcript.ts'
import type { Login } from '../src/wire-client.ts'

/**
 * A refusal looks to every client like one of the server itself: the same exception, the same state of the
 * transaction, the same fate of what is queued behind it. Only the words are Sluice's.
 */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

async function run(door: Login, refused: string): Promise<Transcript> {
  await stage.reset()
  const python = await runWithPython('refusal_cases.py', door, { env: { REFUSED: refused } })
  return new Map([...python, ...(await transcribe(refusalCases(refused), door))])
}

/** The server refuses this by its own privileges, at the same moment of an execution. */
const refusedByServer = 'INSERT INTO forbidden VALUES (1)'
const direct = await run(stage.direct, refusedByServer)
const through = await run(await stage.through('langchain-reporting'), 'DROP TABLE orders')

const words =
  /^Access denied by policy "destructive\/drop" \(ref dec_[0-9A-HJKMNP-TV-Z]{26}\): DROP is not allowed\. Ask the database team for a migration\. This is final, not a syntax error: do not retry or rewrite this query\.$/
const wordsCharsMax = 300

suite('a refused DROP', () => {
  for (const name of direct.keys())
    test(name, () => {
      const server = seenIn(direct, name) as unknown as ToldRefusal
      const sluice = seenIn(through, name) as unknown as ToldRefusal
      assert.ok(server.words.length > 0)
      for (const said of server.words) assert.equal(said, 'permission denied for table forbidden')
      assert.deepEqual(sluice.seen, server.seen)
      assert.equal(sluice.words.length, server.words.length)
      for (const said of sluice.words) {
        assert.match(said, words)
        assert.ok(said.length <= wordsCharsMax)
      }
      const references = sluice.words.map((said) => /dec_\w+/.exec(said)?.[0])
      assert.equal(new Set(references).size, references.length, 'each refusal has its own reference')
    })

  test('is in the log under its reference, and nothing of it reached the server', async () => {
    const decided = (await stage.events()).flatMap((event) =>
      event.type === 'DecisionMade' ? [event.data] : [],
    )
    const denied = new Map(decided.map(({ decision, effect, rule }) => [decision, [effect, rule]]))
    const references = [...through.keys()].flatMap((name) =>
      (seenIn(through, name) as unknown as ToldRefusal).words.map((said) => /dec_\w+/.exec(said)?.[0] ?? ''),
    )
    assert.ok(references.length > 0)
    for (const reference of references) assert.deepEqual(denied.get(reference), ['deny', 'destructive/drop'])
    assert.equal(stage.serverLog().includes('DROP TABLE'), false)
  })
})

/** What else is not performed, the state that clients see, and how the words begin. */
const others: Readonly<Record<string, readonly [statement: string, state: string, begin: RegExp]>> = {
  'every row': ['DELETE FROM jobs', '42501', /^Access denied by policy "destructive\/no_where" \(ref dec_/],
  'one of several in a message': [
    'SELECT 1; DROP TABLE orders; SELECT 2',
    '42501',
    /^Access denied by policy "destructive\/drop"/,
  ],
  'an expression that fails for some protected values': [
    'COPY (SELECT 1 / ssn::int FROM customers) TO STDOUT',
    '42501',
    /^Access denied by policy "/,
  ],
  'a file of the server': ["COPY jobs TO '/tmp/jobs'", '42501', /^Access denied by policy "/],
  code: ['DO $$ BEGIN DELETE FROM jobs; END $$', '42501', /^Access denied by policy "/],
  'a function with side effects': [
    "SELECT pg_read_file('/etc/hostname')",
    '42501',
    /^Access denied by policy "/,
  ],
}

suite('refused too', () => {
  for (const [name, [statement, state, begin]] of Object.entries(others))
    test(name, async () => {
      await stage.reset()
      await withClient(await stage.through('langchain-reporting'), async (client) => {
        const { rows: before } = await client.query('SELECT label FROM jobs ORDER BY id')
        for (const query of [statement, { name: 'named', text: statement }]) {
          const error = await client.query(query).then(
            () => null,
            (raised: unknown) => raised,
          )
          assert.ok(error instanceof DatabaseError)
          // Several statements in one Parse are the server's own mistake to name.
          const several = typeof query === 'object' && statement.includes(';') && !statement.startsWith('DO')
          assert.equal(error.code, several ? '42601' : state)
          if (!several) assert.match(error.message, begin)
          assert.ok(error.message.length <= wordsCharsMax)
        }
        assert.deepEqual((await client.query('SELECT label FROM jobs ORDER BY id')).rows, before)
      })
    })
})

/** Nobody waits in a transaction that has changed something: others would wait for its locks. */
const pending: Readonly<Record<string, readonly [statement: string, reason: string]>> = {
  rows: ["DELETE FROM jobs WHERE label = 'first'", 'Deleting rows needs an approval\\.'],
  'a table': ['CREATE TABLE more (id int)', 'Changing the schema needs an approval\\.'],
}

suite('pending at once, in a transaction that has changed something', () => {
  for (const [name, [statement, reason]] of Object.entries(pending))
    test(name, async () => {
      await stage.reset()
      const words = new RegExp(
        `^Approval required \\(ref apr_[0-9A-Z]{26}\\): ${reason} A person has been asked; nothing was executed\\. Do not rewrite this query: once it is approved, run the same one again\\.$`,
      )
      await withClient(await stage.through('langchain-reporting'), async (client) => {
        for (const query of [statement, { name: 'named', text: statement }]) {
          await client.query('BEGIN')
          await client.query("INSERT INTO jobs (label) VALUES ('lost')")
          const error = await client.query(query).then(
            () => null,
            (raised: unknown) => raised,
          )
          assert.ok(error instanceof DatabaseError)
          assert.equal(error.code, 'SL001')
          assert.match(error.message, words)
          await client.query('ROLLBACK')
        }
        const { rows } = await client.query('SELECT label FROM jobs ORDER BY id')
        assert.deepEqual(rows, [{ label: 'first' }, { label: 'second' }])
      })
    })
})
