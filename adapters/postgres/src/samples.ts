import type { Sample } from '@sluice/core'
import { catalogueOf } from './catalogue.ts'
import { actionOf } from './judged.ts'
import { normalise } from './normalise.ts'
import { parseHere } from './parse.ts'

/** Tables of the target that are tried one by one; a list of hundreds tells nobody anything. */
const relationsMax = 6
/** Where the record knows of no table. */
const anyRelation = 'public.some_table'

/** What is done to a table, `t` being it. */
const toRelation = [
  'SELECT * FROM t',
  'COPY t TO STDOUT',
  'INSERT INTO t DEFAULT VALUES',
  'COPY t FROM STDIN',
  'UPDATE t SET id = id WHERE id = 1',
  'UPDATE t SET id = id',
  'DELETE FROM t WHERE id = 1',
  'DELETE FROM t',
  'TRUNCATE t',
  'ALTER TABLE t ADD COLUMN more text',
  'DROP TABLE t',
] as const

const elsewhere = [
  'BEGIN',
  'SHOW server_version',
  "SET statement_timeout = '5s'",
  'CREATE TABLE public.made_by_a_sample (id int)',
  'NOTIFY a_channel',
  'VACUUM',
] as const

/** One statement of each kind, on tables of which the record knows. They are read like a caller’s, and never sent. */
export function samples(known: readonly string[]): readonly Sample[] {
  const relations = known.length === 0 ? [anyRelation] : known.slice(0, relationsMax)
  const catalogue = catalogueOf({
    relations: relations.map((name, at) => [String(1_000 + at), ...partsOf(name), 'r']),
    columns: relations.map((_name, at) => [String(1_000 + at), '1', 'id', '23']),
    inherits: [],
    functions: [],
    operators: [],
    types: [],
    fields: [],
  })
  const names = { searchPaths: [['public']], tempTables: new Set<string>(), schemas: ['public'] }
  const read = (what: string, sql: string): readonly Sample[] => {
    const parsed = parseHere(sql)
    const { statements } = normalise(parsed.kind === 'tree' ? parsed.tree : null, names, catalogue)
    // Outside of a transaction, as most statements of applications are.
    const [first, ...rest] = statements.map((statement) => actionOf(statement, 'execute', 'none'))
    return first === undefined ? [] : [{ what, actions: [first, ...rest] }]
  }
  return [
    ...relations.flatMap((name) =>
      toRelation.flatMap((text) => read(text.replace(/\bt\b/, name), text.replace(/\bt\b/, quoted(name)))),
    ),
    ...elsewhere.flatMap((text) => read(text, text)),
  ]
}

function partsOf(name: string): readonly [schema: string, relation: string] {
  const dot = name.indexOf('.')
  return dot < 0 ? ['public', name] : [name.slice(0, dot), name.slice(dot + 1)]
}

function quoted(name: string): string {
  return partsOf(name)
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')
}
