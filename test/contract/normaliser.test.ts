import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadModule, parseSync } from 'libpg-query'
import { Client, DatabaseError } from 'pg'
import { loadSampleData, startPostgres, type Postgres } from '@sluice/demo'
import { loadCatalogue, type Catalogue } from '../../adapters/postgres/src/catalogue.ts'
import { normalise } from '../../adapters/postgres/src/normalise.ts'
import type {
  Analysis,
  NameScope,
  Output,
  RelationName,
  Source,
  Statement,
} from '../../adapters/postgres/src/statement.ts'
import { QueryGenerator } from './query-generator.ts'

/**
 * The normaliser against the server itself. Two schemas differ in nothing but the protected values. Whatever the
 * normaliser lets pass must give the same answer in both once its columns are masked by origin and by what they are
 * computed from: if it does not, something of a protected value came out another way. Where the server fails in one of
 * them alone, that tells as much.
 */

/**
 * What drivers, ORMs, LangChain and psql send at connection time, to reflect a schema and to set up their tables,
 * as a server's log shows it.
 */
const driverStatements = JSON.parse(
  readFileSync(new URL('driver-statements.json', import.meta.url), 'utf8'),
) as readonly { readonly client: string; readonly statements: readonly string[] }[]

const protectedColumns = new Set(['ssn', 'card'])
const seed = Number(process.env['SLUICE_QUERY_SEED'] ?? 20_251)
const queries = Number(process.env['SLUICE_QUERY_CASES'] ?? 1_500)

type Protected = readonly [ssn: string, card: string]

/** Which values there are, which are alike and which come first: all that may differ. Which are missing may be asked. */
const worlds: { readonly [schema: string]: readonly [Protected, Protected, Protected] } = {
  one: [
    ["'b1'", "'bx'"],
    ["'b2'", 'NULL'],
    ['NULL', "'by'"],
  ],
  two: [
    ["'m9'", "'q1'"],
    ["'m9'", 'NULL'],
    ['NULL', "'ax'"],
  ],
}

const schemaOf = (
  name: string,
  [first, second, third]: readonly [Protected, Protected, Protected],
): string => `
  CREATE SCHEMA ${name};
  CREATE TABLE ${name}.people (id text PRIMARY KEY, name text, ssn text, card text);
  CREATE TABLE ${name}.visits (id text PRIMARY KEY, person text, place text, ssn text);
  INSERT INTO ${name}.people VALUES
    ('p1', 'ada', ${first.join()}), ('p2', 'bea', ${second.join()}), ('p3', 'cai', ${third.join()});
  INSERT INTO ${name}.visits VALUES
    ('p1', 'p1', 'oslo', 'a'), ('v2', 'p1', 'graz', 'b1'), ('v3', 'p2', 'oslo', 'c'), ('v4', 'p9', 'lyon', NULL);
  ANALYZE;`

function changes(sql: string): boolean {
  return /\b(update|insert|delete|merge)\b/.test(sql)
}

function isProtected(origin: string | null): boolean {
  const [relation, column = ''] = origin?.split('.') ?? []
  return relation === 'people' && protectedColumns.has(column)
}

function isProtectedColumn({ relation, column }: Source): boolean {
  return relation.name === 'people' && (protectedColumns.has(column) || column === '*')
}

const refusedPlaces = new Set(['predicate', 'moved', 'elsewhere'])

/** As under rules that let expressions be masked, and conditions be for equality. */
function isRefused({ uses, outputs }: Statement): boolean {
  return uses.some(
    (use) =>
      isProtectedColumn(use) &&
      (refusedPlaces.has(use.place) || (use.place === 'derived' && outputs === null)),
  )
}

function isDerived({ from = [] }: Output): boolean {
  return from.some(isProtectedColumn)
}

suite('what the normaliser says and what the server does', { timeout: 600_000 }, () => {
  let folder: string
  let postgres: Postgres
  let client: Client
  let catalogue: Catalogue

  before(async () => {
    await loadModule()
    folder = await mkdtemp(join(tmpdir(), 'sluice-normaliser-'))
    postgres = await startPostgres({
      dataDir: folder,
      port: 0,
      log: () => undefined,
      settings: { fsync: 'off' },
    })
    client = new Client({ host: postgres.host, port: postgres.port, ...postgres.superuser, database: 'shop' })
    await client.connect()
    for (const [name, values] of Object.entries(worlds)) await client.query(schemaOf(name, values))
    // Rows in one order whatever the values are, as far as the statement leaves it open.
    await client.query('SET enable_hashjoin = off; SET enable_hashagg = off; SET enable_mergejoin = off')
    await loadSampleData(postgres)
    catalogue = await loadCatalogue(async (sql) => {
      const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
      return rows.map((row) => row.map(String))
    })
  })

  after(async () => {
    await client.end()
    await postgres.close()
    await rm(folder, { recursive: true, force: true })
  })

  const analysed = (sql: string, names: Partial<NameScope> = {}): Analysis =>
    normalise(parseSync(sql), { searchPaths: [['one']], tempTables: new Set(), ...names }, catalogue)

  /** `null`: no SQL at all. */
  function readable(sql: string): Analysis | null {
    try {
      return analysed(sql)
    } catch {
      return null
    }
  }

  interface Answer {
    /** Why the server has not answered. */
    readonly failure: string | null
    readonly rows: readonly string[]
    readonly origins: readonly (string | null)[]
  }

  /**
   * The rows with protected columns replaced, as `mask.ts` replaces them: by origin, and by what they are computed from.
   * Behind them what the statement has left in columns that nobody protects.
   */
  async function answer(schema: string, sql: string, outputs: readonly Output[] | null): Promise<Answer> {
    await client.query(`SET search_path = ${schema}; BEGIN`)
    try {
      const { rows, fields } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
      const origins = fields.map(({ tableID, columnID }) => columnOf(tableID, columnID))
      if (outputs !== null)
        assert.equal(fields.length, outputs.length, `other columns than the normaliser says:\n${sql}`)
      const hides = origins.map((origin, at) => {
        const output = outputs?.[at]
        return isProtected(origin) || (output !== undefined && isDerived(output))
      })
      const masked = rows.map((row) =>
        JSON.stringify(row.map((value, at) => (hides[at] === true ? '***' : value))),
      )
      return { failure: null, rows: [...masked, ...(await left(sql))], origins }
    } catch (error) {
      return {
        failure: error instanceof DatabaseError ? (error.code ?? '') : assert.fail(String(error)),
        rows: [],
        origins: [],
      }
    } finally {
      await client.query('ROLLBACK')
      // What was undone must not make one schema larger than the other: plans and orders would differ.
      if (changes(sql)) await client.query(`VACUUM ${schema}.people, ${schema}.visits`)
    }
  }

  async function left(sql: string): Promise<readonly string[]> {
    if (!changes(sql)) return []
    const { rows } = await client.query<unknown[]>({
      text: `SELECT id, name, NULL, NULL FROM people UNION ALL SELECT * FROM visits ORDER BY 1, 2`,
      rowMode: 'array',
    })
    return rows.map((row) => JSON.stringify(row))
  }

  /** `people.ssn`; `null` for a computed column. */
  function columnOf(oid: number, attnum: number): string | null {
    const relation = catalogue.byOid.get(oid)
    if (relation === undefined) return null
    const [name] = [...relation.attnums].find(([, number]) => number === attnum) ?? ['*']
    return `${relation.name.name}.${name}`
  }

  test('what passes tells nothing of a protected value', async () => {
    const generator = new QueryGenerator(seed)
    const counts = { invalid: 0, passed: 0, derived: 0, refused: 0, telling: 0 }
    for (let i = 0; i < queries; i++) {
      const sql = generator.statement()
      const analysis = readable(sql)
      if (analysis === null) {
        counts.invalid += 1
        continue
      }
      const { statements, objection } = analysis
      const outputs = objection === null ? (statements[0]?.outputs ?? null) : null
      const one = await answer('one', sql, outputs)
      const two = await answer('two', sql, outputs)
      if (one.failure !== null && one.failure === two.failure) {
        counts.invalid += 1
        continue
      }
      assert.equal(
        objection,
        null,
        `the server answers, the normaliser objects: ${objection?.message}\n${sql}`,
      )
      const [statement] = statements
      assert.ok(statement)
      const same =
        one.failure === two.failure &&
        one.rows.length === two.rows.length &&
        one.rows.every((row, at) => row === two.rows[at])
      if (isRefused(statement)) {
        counts.refused += 1
        if (!same) counts.telling += 1
        continue
      }
      counts.passed += 1
      if (outputs?.some(isDerived) === true) counts.derived += 1
      assert.ok(same, `the answer depends on protected values (seed ${seed}):\n${sql}`)
      if (!statement.computed) assert.ok(!one.origins.includes(null), `a column without origin:\n${sql}`)
      for (const origin of one.origins) {
        if (origin === null) continue
        const [name, column] = origin.split('.')
        assert.ok(
          statement.uses.some(
            (use) => use.relation.name === name && (use.column === column || use.column === '*'),
          ),
          `the origin ${origin} is not among the uses:\n${sql}`,
        )
      }
      for (const [at, output] of (outputs ?? []).entries()) {
        const [source, ...others] = output.sources
        if (source !== undefined && others.length === 0 && one.failure === null)
          assert.equal(one.origins[at], `${source.relation.name}.${source.column}`, `another column:\n${sql}`)
      }
    }
    // The comparison is worth something only if all kinds of answers are among them.
    assert.ok(counts.passed > queries / 20 && counts.telling > queries / 20, JSON.stringify(counts))
    assert.ok(counts.derived > queries / 50, JSON.stringify(counts))
    assert.ok(counts.invalid < queries * 0.5, JSON.stringify(counts))
  })

  for (const { client: name, statements } of driverStatements)
    test(`nothing that ${name} sends by itself is refused`, () => {
      const created: RelationName[] = []
      for (const sql of statements) {
        const analysis = analysed(sql, { searchPaths: [['public']], schemas: ['public'], created })
        assert.equal(analysis.objection, null, `${analysis.objection?.message}\n${sql}`)
        for (const { effect } of analysis.statements)
          if (effect.kind === 'ddl' && effect.creates !== undefined) created.push(effect.creates)
      }
    })
})
