import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { message, startBackend, startGateway, WireClient, type Backend, type Gateway } from '../src/index.ts'

/**
 * COPY of rows full of what has a meaning in its formats, under any options: what it hands out through the gateway is
 * what the server itself reads, under the same options, as the rows that a SELECT shows there.
 */

const policies = fileURLToPath(new URL('policies/masks', import.meta.url))
const cases = Number(process.env['SLUICE_COPY_CASES'] ?? 60)
const columns = ['id', 'clear', 'secret', 'word', 'gone'] as const

const signs = [...'aAN,;|*-9!2eqx\'"\\.\t\n\r\b\f\v\u0001 ', 'ß', '𝄞', 'NULL', '\\N', '\\.']
const value = fc.oneof(fc.constant(null), fc.string({ unit: fc.constantFrom(...signs), maxLength: 8 }))
const rows = fc.array(fc.tuple(value, value, value, value), { minLength: 1, maxLength: 12 })

interface Options {
  readonly format: 'text' | 'csv' | 'binary'
  readonly named: Readonly<Record<string, string>>
  readonly header: boolean
  /** Only COPY TO takes it. */
  readonly quoted: string | null
}

const optional = (...words: readonly string[]): fc.Arbitrary<string | null> => fc.constantFrom(null, ...words)
const options: fc.Arbitrary<Options> = fc.oneof(
  fc
    .record({ delimiter: optional(',', '|', '\u0001', '\b', 'A', '*'), null: optional('\\N', '\\NULL') })
    .chain((named) => fc.boolean().map((header) => optionsOf('text', named, header, null))),
  fc
    .record({
      delimiter: optional(';', '9', '*', '-', '|', 'x', '\t'),
      quote: optional("'", '!', 'q', '*'),
      escape: optional('\\', '2', 'e', '*'),
      null: optional('NULL', '\\N', 'x'),
    })
    .chain((named) =>
      fc
        .tuple(fc.boolean(), optional('*', '(secret, word)', '(clear)'))
        .map(([header, quoted]) => optionsOf('csv', named, header, quoted)),
    ),
  fc.constant(optionsOf('binary', {}, false, null)),
)

function optionsOf(
  format: Options['format'],
  named: Readonly<Record<string, string | null>>,
  header: boolean,
  quoted: string | null,
): Options {
  const given = Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== null)
  return { format, named: Object.fromEntries(given), header, quoted }
}

function sqlOf({ format, named, header, quoted }: Options, direction: 'to' | 'from'): string {
  const parts = [
    `format ${format}`,
    ...Object.entries(named).map(([name, word]) => `${name} ${literal(word)}`),
    ...(header ? ['header'] : []),
    ...(quoted !== null && direction === 'to' ? [`force_quote ${quoted}`] : []),
  ]
  return `(${parts.join(', ')})`
}

function literal(text: string | null): string {
  return text === null ? 'null' : `'${text.replaceAll("'", "''")}'`
}

suite('COPY under any options', { concurrency: 1 }, () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let client: WireClient
  let direct: WireClient
  let read = 0

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    const texts = columns.slice(1).map((name) => `${name} text`)
    await backend.run('postgres', `create table spelled (id int, ${texts.join()})`)
    const login = backend.login('postgres')
    direct = await WireClient.login(login)
    gateway = await startGateway({ provider, policies, targets: [{ name: 'shop', login }] })
    client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
  })
  after(async () => {
    client?.close()
    direct?.close()
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  async function done(sql: string): Promise<void> {
    const { errors } = await direct.query(sql)
    assert.deepEqual(errors, [], sql)
  }

  /** Whether the server itself takes these options. */
  async function takes(copy: string): Promise<boolean> {
    return (await direct.query(copy)).errors.length === 0
  }

  async function holds(values: readonly (readonly (string | null)[])[], chosen: Options): Promise<void> {
    const list = values.map((row, id) => `(${[String(id), ...row.map(literal)].join()})`)
    await done(`truncate spelled; insert into spelled values ${list.join()}`)
    const copy = `copy (select ${columns.join()} from spelled order by id) to stdout ${sqlOf(chosen, 'to')}`
    const { copied, errors } = await client.query(copy)
    if (!(await takes(copy))) {
      assert.equal(errors.length, 1, copy)
      return
    }
    assert.deepEqual(errors, [], copy)
    const { rows: selected } = await client.query(`select ${columns.join()} from spelled order by id`)
    await done('begin; create temp table loaded (like spelled) on commit drop')
    const loading = message.query(`copy loaded from stdin ${sqlOf(chosen, 'from')}`)
    const loaded = await direct.ask(loading, message.copyData(copied), message.copyDone)
    assert.deepEqual(loaded.errors, [], copy)
    const { rows: found } = await direct.query('select * from loaded order by id')
    await done('rollback')
    assert.deepEqual(found, selected, copy)
    read++
  }

  test('a CopyData larger than any request is taken whole', { timeout: 60_000 }, async () => {
    await done('create table large (v text)')
    const rows = 200_000
    const data = Buffer.alloc(rows * 120, `${'x'.repeat(119)}\n`)
    const { errors, tags } = await client.ask(
      message.query('copy large from stdin'),
      message.copyData(data),
      message.copyDone,
    )
    assert.deepEqual([errors, tags], [[], [`COPY ${rows}`]])
    const { rows: found } = await direct.query('select count(*), min(length(v)), max(length(v)) from large')
    assert.deepEqual(found, [[String(rows), '119', '119']])
    // Where no COPY asks for it a server drops it, however large.
    const dropped = await client.ask(message.copyData(data), message.query('select 1'))
    assert.deepEqual([dropped.errors, dropped.rows], [[], [['1']]])
  })

  test('the server reads what was handed out as what a SELECT shows', { timeout: 300_000 }, async () => {
    await fc.assert(fc.asyncProperty(rows, options, holds), { numRuns: cases })
    assert.ok(read > cases / 2, `the server took only ${read} of ${cases}`)
  })
})
