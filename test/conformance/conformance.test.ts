import { after, before, suite, test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import type { Action } from '@sluice/core'
import { sightingsIn, watch } from './canary.ts'
import { cache, setUp } from './chosen.ts'
import { fetchCorpus, MissingError, releases, type Corpus } from './corpus.ts'
import { expected } from './expected.ts'
import type { Finding } from './finding.ts'
import { Lanes } from './lanes.ts'
import { lineOf, reportOf, told } from './report.ts'
import { runTests } from './run.ts'
import { openStage, type OpenStage } from './stage.ts'
import { misnamed, touchedBy } from './touched.ts'
import { misreadings } from './truth.ts'
import { message, Transcript, WireClient } from '../src/index.ts'
import { int16, int32 } from '../src/message.ts'

/**
 * A slice of PostgreSQL's regression tests; `npm run conformance` runs them all. Where their sources cannot be had
 * it is skipped, and says why.
 */
const slice = ['boolean', 'select', 'portals_p2']
const watched = ['select', 'text']

suite('PostgreSQL regression tests (slice)', { concurrency: 1 }, () => {
  let stage: OpenStage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage[Symbol.asyncDispose]())

  test('what passes directly passes through, or is refused by a rule', async (t) => {
    const corpus = await corpusFor(t)
    if (corpus === undefined) return
    const findings: Finding[] = []
    for await (const { findings: found } of runTests(corpus, [setUp, ...slice], stage))
      findings.push(...found)
    const report = reportOf(findings, expected)
    console.log(lineOf(`PostgreSQL ${corpus.release.version}`, report))
    const unexpected = report.faults.filter((fault) => fault.expected === undefined)
    assert.equal(unexpected.length, 0, unexpected.map(told).join('\n'))
    assert.ok(report.equal > 150, `only ${report.equal} statements were compared`)
    assert.ok(report.planned > 80, `of only ${report.planned} the server said what they touch`)
  })

  test('protected values do not come out', async (t) => {
    const corpus = await corpusFor(t)
    if (corpus === undefined) return
    for await (const { test, direct, through } of watch(corpus, watched)) {
      assert.ok(direct.sightings.length > 0, `${test} shows nothing directly`)
      assert.ok(through.bytes > 1_000, `${test} was not run through the gateway`)
      assert.deepEqual(through.sightings, [], test)
    }
  })

  test('the comparison sees another row and another error, and a refused statement leaves no difference', async () => {
    const lanes = await Lanes.open(stage, {})
    const ask = async (statement: string): Promise<string> => {
      const { result } = await lanes.ask({ bytes: message.query(statement), statement })
      return result?.outcome.kind ?? 'waits'
    }
    try {
      assert.equal(await ask('CREATE TABLE own (a int PRIMARY KEY)'), 'equal')
      assert.equal(await ask('INSERT INTO own VALUES (1)'), 'equal')
      assert.equal(await ask('SELECT * FROM nowhere'), 'same_error')
      assert.equal(await ask('DO $$ BEGIN INSERT INTO own VALUES (2); END $$'), 'refused')
      assert.equal(await ask('BEGIN'), 'equal')
      assert.equal(await ask('DO $$ BEGIN INSERT INTO own VALUES (3); END $$'), 'refused')
      assert.equal(await ask('SELECT * FROM own'), 'equal')
      assert.equal(await ask('COMMIT'), 'equal')
      assert.equal(await ask("SET client_encoding = 'LATIN1'"), 'skipped')
      assert.equal(await ask('SELECT pg_backend_pid()'), 'unstable')
      await onlyBehind(stage.behind, 'INSERT INTO own VALUES (4)')
      assert.equal(await ask('SELECT * FROM own'), 'differs')
      assert.equal(await ask('INSERT INTO own VALUES (4)'), 'differs')
    } finally {
      lanes.close()
    }
  })

  test('the comparison sees what the normaliser reads otherwise than the server', async () => {
    const said = (tag: string): Transcript =>
      new Transcript([{ type: 'C', body: Buffer.from(`${tag}\0`) }], Buffer.alloc(0), false)
    const action = { name: 'sql.select', kind: 'select', read_only: true, relations: [] } as never
    const names = { nameOf: () => Promise.resolve('public.t') }
    assert.deepEqual(await misreadings([action], said('SELECT 3'), names), [])
    assert.deepEqual(await misreadings([action], said('INSERT 0 3'), names), [
      'sql.select, but the server did INSERT n n',
    ])
    const column = [int16(1), 'a\0', int32(16_400), int16(1), int32(25), int16(-1), int32(-1), int16(0)]
    const body = Buffer.concat(column.map((part) => Buffer.from(part)))
    const answer = new Transcript([{ type: 'T', body }], Buffer.alloc(0), false)
    assert.deepEqual(await misreadings([action], answer, names), [
      'columns of public.t, which it does not name',
    ])
    const reads = { ...(action as object), relations: [{ schema: 'public', name: 't' }] } as never
    assert.deepEqual(await misreadings([reads], answer, names), [])
  })

  test('the comparison sees a relation that is not named, one that is not there, and a write taken for a read', async () => {
    const { behind } = stage
    const client = await WireClient.login(behind)
    const query = (sql: string): Promise<Transcript> => client.query(sql)
    await query(
      'CREATE TABLE above (a int); CREATE TABLE below () INHERITS (above); CREATE TABLE aside (a int)',
    )
    await query('CREATE VIEW seen AS SELECT * FROM above')
    const action = (
      name: string,
      ...relations: readonly (readonly [string, string])[]
    ): readonly Action[] => [
      {
        name,
        kind: 'select',
        read_only: name === 'sql.select',
        relations: relations.map(([relation, access]) => ({
          schema: 'public',
          name: relation,
          access,
          columns: [],
        })),
      },
    ]
    const nothing = { touched: [], sequences: new Set<string>() }
    const reads = async (sql: string, ...of: Parameters<typeof action>): Promise<readonly string[]> =>
      misnamed(action(...of), (await touchedBy(sql, action(...of), query)) ?? nothing)
    try {
      assert.deepEqual(await reads('SELECT * FROM seen', 'sql.select', ['seen', 'read']), [])
      assert.deepEqual(await reads('DELETE FROM seen', 'sql.delete', ['seen', 'delete']), [])
      assert.deepEqual(await reads('SELECT * FROM seen, aside', 'sql.select', ['seen', 'read']), [
        'the server touches public.aside, which it does not name',
      ])
      await query('CREATE SEQUENCE counted')
      assert.deepEqual(await reads("SELECT nextval('counted')", 'sql.select', ['counted', 'update']), [])
      assert.deepEqual(await reads('SELECT 1', 'sql.select', ['aside', 'read']), [
        'names public.aside, which the server does not touch',
      ])
      const hidden = 'WITH gone AS (DELETE FROM aside RETURNING a) SELECT * FROM above'
      assert.deepEqual(await reads(hidden, 'sql.select', ['above', 'read'], ['aside', 'read']), [
        'the server writes public.aside, which it takes for read',
        'read_only, but the server writes public.aside',
      ])
      assert.deepEqual(await reads('SELECT * FROM aside', 'sql.update', ['aside', 'update']), [
        'writes public.aside, which the server only reads',
      ])
      const plan = 'EXPLAIN DELETE FROM aside'
      assert.deepEqual(await reads(plan, 'sql.explain', ['aside', 'read']), [])
      assert.equal((await reads(plan, 'sql.explain', ['above', 'read'])).length, 1)
      assert.equal(await touchedBy('SELECT * FROM nowhere', [], query), null)
      await query('DROP TABLE above, below, aside CASCADE; DROP SEQUENCE counted')
    } finally {
      client.close()
    }
  })

  test('the canary sees a protected value in each of its forms', () => {
    const forms = ['qxkzvwjy', 'QXKZVWJY', 'yjwvzkxq', '71786b7a76776a79', '9182736', 'q,x,k,z,v,w,j,y']
    for (const prefix of ['', 'a', 'ab', 'abc']) {
      forms.push(Buffer.from(`${prefix}qxkzvwjy99`).toString('base64'))
    }
    for (const form of forms) assert.ok(sightingsIn(`before ${form} behind`, 'test').length > 0, form)
    assert.equal(sightingsIn('nothing at all', 'test').length, 0)
  })
})

async function onlyBehind(login: Parameters<typeof WireClient.login>[0], sql: string): Promise<void> {
  const client = await WireClient.login(login)
  await client.query(sql)
  client.close()
}

async function corpusFor(t: TestContext): Promise<Corpus | undefined> {
  try {
    return await fetchCorpus(releases[0], cache, console.log)
  } catch (error) {
    if (!(error instanceof MissingError)) throw error
    console.log(`conformance is skipped: ${error.message}`)
    t.skip(error.message)
    return undefined
  }
}
