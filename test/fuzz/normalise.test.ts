import { before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { loadModule, parseSync, SqlError } from 'libpg-query'
import { catalogueOf } from '../../adapters/postgres/src/catalogue.ts'
import { actions, normalise } from '../../adapters/postgres/src/normalise.ts'
import type { Analysis } from '../../adapters/postgres/src/statement.ts'
import { sqlLimits } from '../../adapters/postgres/src/limits.ts'

/**
 * Statements that nobody wrote: tokens and clauses of real ones cut out, swapped and spliced into each other, and
 * parse trees damaged the same way. Whatever parses must come back as an analysis, in bounded time, with one
 * description for each statement that libpg_query counts.
 */

const cases = Number(process.env['SLUICE_FUZZ_CASES'] ?? 50_000)
const seed = Number(process.env['SLUICE_FUZZ_SEED'] ?? 1)

/** Beside what drivers send: what policies are about. */
const written = [
  "select c.ssn as x, upper(name) from customers c where ssn = '1' or id in (1, 2) order by x limit 5",
  'with recursive w (a) as (select id from orders union all select w.a from w) select * from w join orders using (id)',
  'with gone as (delete from orders where id = $1 returning *) insert into items select id from gone',
  'insert into orders (id, note) values (1, $1), (2, default) on conflict (id) do update set note = excluded.note',
  'update customers c set (name, email) = (select note, note from orders o where o.id = c.id) where c.id = 1 returning *',
  'merge into orders o using customers c on o.id = c.id when matched then update set note = c.name when not matched then insert (id) values (c.id)',
  'select distinct on (a.id) a.*, (b).id, row(b.*) from customers a left join lateral (select * from orders o where o.id = a.id) b on true',
  'select sum(id) filter (where id > 1) over (partition by name order by id rows between 1 preceding and current row) from customers group by grouping sets ((id), (name)) having count(*) > 1',
  'create table t (id serial primary key, x text default now() check (length(x) > 1) references customers (ssn))',
  'create index concurrently i on customers using btree (lower(name) desc nulls last) include (id) where id > 1',
  'alter table customers add x int, alter name type text using ssn, drop notes, rename to y',
  'create table t (like orders) partition by list (lower(note)); create table u partition of t for values in ($$a$$, null)',
  'create table t () inherits (customers, orders); alter table orders no inherit t, attach partition t for values from (minvalue) to (1)',
  'create domain d as text not null check (length(value) > 1); create type c as (a d, b mood[]); create statistics s on id, (lower(name)) from customers',
  'alter table customers rename ssn to y; select y from customers; drop table if exists customers cascade',
  "set search_path = public; set local work_mem = '4MB'; reset all; show timezone; set role x",
  "select set_config('search_path', 'public', false); select current_setting('jit'), nextval('s')",
  'explain (analyze, buffers off) select * from customers; prepare p (int) as select $1; execute p (1); deallocate p',
  'declare c cursor with hold for select * from customers; fetch all c; close all; begin; savepoint s; commit',
  'copy customers (id, ssn) to stdout with (format csv); copy (select 1) to stdout; copy orders from stdin where id = 1',
  'copy customers to program $$x$$; do $$x$$; call f(1); create role r; grant select on customers to x; truncate customers',
  "select * from rows from (generate_series(1, 2), unnest(array['a'])) with ordinality as r (a, b, c), json_to_recordset($1) as j (x int)",
  "select (a.b).c[1:2], 'x'::vector(3), b'01', x'ff', 1.5e3, date '2024-01-01', interval '1' day, array[[1], [2]], $1::mood[]",
]

const catalogue = catalogueOf({
  relations: [
    ['1', 'public', 'customers', 'r'],
    ['2', 'public', 'orders', 'r'],
    ['3', 'public', 'items', 'v'],
    ['4', 'pg_catalog', 'pg_class', 'r'],
    ['5', 'pg_catalog', 'pg_type', 'r'],
  ],
  columns: [
    ...['id', 'name', 'email', 'ssn', 'notes'].map((name, at) => ['1', String(at + 1), name]),
    ...['id', 'customer_id', 'note'].map((name, at) => ['2', String(at + 1), name]),
    ...['id'].map((name, at) => ['3', String(at + 1), name]),
    ...['oid', 'relname', 'relnamespace', 'relkind'].map((name, at) => ['4', String(at + 1), name]),
    ...['oid', 'typname', 'typarray', 'typtype'].map((name, at) => ['5', String(at + 1), name]),
  ],
  inherits: [],
  functions: [['public', 'evil', '']],
  operators: [],
  fields: [],
  types: [['public', 'mood', '', 'e', '20000', '20001', '']],
})

/** No single message may take longer, however busy the machine is. */
const slowMs = 2_000

suite('normalise', { timeout: 3_600_000 }, () => {
  const driven = JSON.parse(
    readFileSync(new URL('../contract/driver-statements.json', import.meta.url), 'utf8'),
  ) as readonly { readonly statements: readonly string[] }[]
  const corpus = [
    ...written,
    ...driven.flatMap(({ statements }) => statements).filter((sql) => sql.length < 1_000),
  ]
  const tokens = corpus.map(tokensOf)
  let random: () => number

  before(async () => {
    await loadModule()
    random = randomFrom(seed)
  })

  const below = (bound: number): number => Math.floor(random() * bound)

  test('texts', () => {
    let parsed = 0
    let accepted = 0
    for (let at = 0; at < cases; at++) {
      const sql = mutated()
      const tree = treeOf(sql)
      if (tree === null) continue
      parsed += 1
      const analysis = checked(tree, sql)
      assert.equal(analysis.statements.length, countOf(tree), sql)
      for (const { action } of analysis.statements) assert.match(action.kind, /^[a-z_]+$/, sql)
      if (analysis.objection === null) accepted += 1
    }
    // Noise alone would test the parser only.
    assert.ok(
      parsed > cases / 20 && accepted > cases / 200,
      `${parsed} of ${cases} parsed, ${accepted} accepted`,
    )
  })

  test('trees', () => {
    for (let at = 0; at < cases / 10; at++) {
      const sql = corpus[below(corpus.length)] ?? ''
      const tree = treeOf(sql)
      if (tree !== null) checked(damaged(tree), `damaged: ${sql}`)
    }
  })

  function mutated(): string {
    const result = [...(tokens[below(tokens.length)] ?? [])]
    for (let change = 1 + below(3); change > 0; change--) {
      const other = tokens[below(tokens.length)] ?? []
      const from = below(result.length)
      switch (below(6)) {
        case 0:
          result.splice(from, 1 + below(2))
          break
        case 1: {
          // A part between brackets for another one: the shape most often survives.
          const part = bracketed(other, below(other.length))
          const place = result.indexOf('(', from)
          if (place >= 0) result.splice(place, bracketed(result, place).length, ...part)
          break
        }
        case 2: {
          const start = below(other.length)
          result.splice(from, below(4), ...other.slice(start, start + 1 + below(8)))
          break
        }
        case 3:
          result.push(';', ...other)
          break
        case 4:
          result.splice(from, 1, pick(interesting))
          break
        default:
          result.splice(from, 1, alike(result[from] ?? '', other))
      }
    }
    return result.join(' ')
  }

  /** A word for a word, a sign for a sign. */
  function alike(token: string, other: readonly string[]): string {
    const same = other.filter((candidate) => /^\w/.test(candidate) === /^\w/.test(token))
    return same.length === 0 ? token : pick(same)
  }

  function pick(from: readonly string[]): string {
    return from[below(from.length)] ?? ''
  }

  /** A copy with one part of it renamed, removed, replaced by something else or by another part. */
  function damaged(tree: unknown): unknown {
    const copy = structuredClone(tree)
    const holders: Record<string, unknown>[] = []
    const open: unknown[] = [copy]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (typeof next !== 'object' || next === null) continue
      holders.push(next as Record<string, unknown>)
      open.push(...Object.values(next))
    }
    const holder = holders[below(holders.length)] ?? {}
    const key = pick(Object.keys(holder))
    const value = holder[key]
    switch (below(4)) {
      case 0:
        delete holder[key]
        holder[`${key}x`] = value
        break
      case 1:
        delete holder[key]
        break
      case 2:
        holder[key] = [null, 1, '', true, [], {}, [{}], { String: { sval: 'ssn' } }][below(8)]
        break
      default:
        holder[key] = structuredClone(holders[below(holders.length)])
    }
    return copy
  }
})

/** Words that change what the ones around them mean. */
const interesting = [
  '*',
  '.',
  '::',
  'text',
  'customers',
  'ssn',
  'c',
  '(select ssn from customers)',
  'as x',
  ', lateral',
  'natural join orders',
  'union',
  'distinct',
  'order by 1',
  'for update',
  'into t',
  'with t as (table customers)',
  'evil(1)',
  '[1]',
  'using (id)',
  'returning *',
  '; drop table customers',
  '$1',
  'null',
  'collate "C"',
  'operator(public.=)',
  'only',
  'old',
  'excluded.ssn',
] as const

function tokensOf(sql: string): readonly string[] {
  return sql.match(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\$\$.*?\$\$|\$?\w+|::|[-+*/<>=~!@#%^&|?]+|[^\s\w]/gs) ?? []
}

/** From the bracket at or after `start` to the one that closes it. */
function bracketed(tokens: readonly string[], start: number): readonly string[] {
  const open = tokens.indexOf('(', start)
  if (open < 0) return ['(', '1', ')']
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at] === '(') depth += 1
    if (tokens[at] === ')') depth -= 1
    if (depth === 0) return tokens.slice(open, at + 1)
  }
  return ['(', '1', ')']
}

function treeOf(sql: string): unknown {
  try {
    return parseSync(sql)
  } catch (error) {
    assert.ok(error instanceof SqlError || error instanceof RangeError || error instanceof Error)
    return null
  }
}

function countOf(tree: unknown): number {
  const { stmts } = tree as { readonly stmts?: readonly unknown[] }
  return stmts?.length ?? 0
}

function checked(tree: unknown, what: string): Analysis {
  const started = performance.now()
  const analysis = normalise(
    tree,
    { searchPaths: [['public']], tempTables: new Set(['tmp']), schemas: ['public'] },
    catalogue,
  )
  assert.ok(performance.now() - started < slowMs, `too slow: ${what}`)
  assert.ok(analysis.statements.length <= sqlLimits.statementsPerMessageMax)
  assert.notEqual(analysis.objection?.code, 'internal', what)
  for (const { action } of analysis.statements)
    assert.ok(actions.includes(action.name), `${action.name}: ${what}`)
  return analysis
}

/** A fixed pseudorandom sequence (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
