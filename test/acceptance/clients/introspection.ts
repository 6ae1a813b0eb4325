import type { DataSource } from 'typeorm'
import type { Json } from '@sluice/core'
import type { Login } from '../../src/wire-client.ts'
import type { Case } from '../transcript.ts'
import { connected as withSql } from './postgres-js.ts'
import { plain, psql } from './psql.ts'
import { withDataSource } from './langchain.ts'

/** What a person types to look around; `\l` of a psql older than its server is a mistake at the server too. */
const commands = [
  '\\d',
  '\\d+',
  '\\d all_types',
  '\\d+ jobs',
  '\\d noisy',
  '\\d customers',
  '\\dt',
  '\\dt+',
  '\\di',
  '\\ds',
  '\\dv',
  '\\dm',
  '\\dn',
  '\\dn+',
  '\\du',
  '\\dg+',
  '\\l',
  '\\df',
  '\\df say_so',
  '\\dT',
  '\\dT+ mood',
  '\\dD',
  '\\dp jobs',
  '\\dx',
  '\\dd',
  '\\dc pg_catalog.utf8*',
  '\\do pg_catalog.@>',
  '\\dy',
  '\\sf say_so',
  '\\encoding',
]

/** What connections and reflection ask before an application runs its first query. */
export const introspectionCases: Readonly<Record<string, Case<Login>>> = {
  ...Object.fromEntries(
    commands.map((command) => [
      `psql ${command}`,
      async (door: Login) => plain(await psql(door, `${command}\n`)),
    ]),
  ),
  'postgres.js: array types': (door) =>
    withSql(
      door,
      async (sql) => JSON.stringify(await sql`SELECT ints, texts, moods FROM all_types ORDER BY id`),
      {
        fetch_types: true,
      },
    ),
  'typeorm: the columns of its entities': (door) => withDataSource(door, columnsOf),
}

async function columnsOf(source: DataSource): Promise<Json> {
  const runner = source.createQueryRunner()
  try {
    const found = await runner.getTables(['all_types', 'jobs', 'customers'])
    return found.map(({ name, columns, indices, foreignKeys, checks, uniques }) => [
      name,
      columns.map(({ name: column, type, isNullable, isPrimary, isArray, enum: values }) => [
        column,
        type,
        isNullable,
        isPrimary,
        isArray,
        values ?? null,
      ]),
      indices.map(({ name: index, columnNames }) => [index ?? null, columnNames]),
      foreignKeys.map(({ name: key, referencedTableName }) => [key ?? null, referencedTableName]),
      checks.map(({ expression }) => expression ?? null),
      uniques.map(({ columnNames }) => columnNames),
    ])
  } finally {
    await runner.release()
  }
}
