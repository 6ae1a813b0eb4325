import { SqlToolkit } from '@langchain/classic/agents/toolkits/sql'
import { SqlDatabase } from '@langchain/classic/sql_db'
import { FakeListChatModel } from '@langchain/core/utils/testing'
import { DataSource } from 'typeorm'
import type { Json } from '@sluice/core'
import type { Login } from '../../src/wire-client.ts'
import type { Case } from '../transcript.ts'

/** LangChain's SQL database, its toolkit and tools, over typeorm and `pg`. */
export const langchainCases: Readonly<Record<string, Case<Login>>> = {
  'a session': (door) =>
    withDataSource(door, async (source) => {
      const database = await SqlDatabase.fromDataSourceParams({ appDataSource: source })
      const small = { includesTables: ['feature_flags', 'jobs'] }
      const tools = await toolsOf(source)
      return {
        tables: database.allTables.map(({ tableName }) => tableName).toSorted(),
        info: await database.getTableInfo(small.includesTables),
        'info of protected': await database.getTableInfo(['customers']),
        run: await database.run('SELECT key, enabled FROM feature_flags ORDER BY key'),
        'list tool': await tools('list-tables-sql', ''),
        'info tool': await tools('info-sql', 'feature_flags, jobs'),
        'info tool of protected': await tools('info-sql', 'customers'),
        'query tool': await tools('query-sql', 'SELECT count(*), min(total), max(total) FROM orders'),
        'query tool of protected': await tools(
          'query-sql',
          'SELECT name, email, ssn, card FROM customers ORDER BY id LIMIT 3',
        ),
        'query tool of a mistake': await tools('query-sql', 'SELEC 1'),
        'query tool of a missing table': await tools('query-sql', 'SELECT * FROM nowhere'),
        'query tool again': await tools('query-sql', 'SELECT label FROM jobs ORDER BY id'),
      }
    }),
}

/** What a model reads when its statement is refused, and that the tool goes on. */
export const langchainRefusal: Case<Login> = (door) =>
  withDataSource(door, async (source) => {
    const tools = await toolsOf(source)
    return [
      await tools('query-sql', 'DROP TABLE orders'),
      await tools('query-sql', 'SELECT count(*) FROM orders'),
    ]
  })

export async function withDataSource<T>(
  { host, port, user, password, database }: Login,
  work: (source: DataSource) => Promise<T>,
): Promise<T> {
  const source = new DataSource({
    type: 'postgres',
    host,
    port,
    username: user,
    password,
    database,
    poolSize: 2,
  })
  await source.initialize()
  try {
    return await work(source)
  } finally {
    await source.destroy()
  }
}

export async function toolsOf(source: DataSource): Promise<(name: string, input: string) => Promise<Json>> {
  const database = await SqlDatabase.fromDataSourceParams({
    appDataSource: source,
    includesTables: ['feature_flags', 'jobs', 'customers', 'orders'],
  })
  const tools = new SqlToolkit(database, new FakeListChatModel({ responses: ['SELECT 1'] })).getTools()
  return async (name, input) => {
    const tool = tools.find((candidate) => candidate.name === name)
    if (tool === undefined) throw new Error(`the toolkit has no ${name}`)
    return (await tool.invoke(input)) as string
  }
}
