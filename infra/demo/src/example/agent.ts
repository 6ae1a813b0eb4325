import { SqlDatabase } from '@langchain/classic/sql_db'
import { SqlToolkit } from '@langchain/classic/agents/toolkits/sql'
import { RequestsGetTool } from '@langchain/classic/tools'
import { AIMessage, createAgent, fakeModel, ToolMessage } from 'langchain'
import { demoToken, type DemoState } from '@sluice/cli'
import { DataSource, type Logger } from 'typeorm'
import type { Question } from './questions.ts'

export interface Agent {
  /** Where it asks the database. */
  readonly address: string
  /** The base URL of the shop's API. */
  readonly api: string
  /** What the model reads as the answer of its tool. */
  answer(question: Question): Promise<string>
  close(): Promise<void>
}

/**
 * An ordinary LangChain agent with the ordinary SQL toolkit, the ordinary `pg` driver and the ordinary tool for HTTP. Only the
 * addresses, the password and one header are Sluice's. The chat model follows a script, so the example needs no provider and always asks the same.
 *
 * `notified`: what the server's notices say; an application may log them, or not look at them at all.
 */
export async function openAgent(demo: DemoState, notified: (notice: string) => void): Promise<Agent> {
  const address = demo.listen['postgres'] ?? '127.0.0.1:7432'
  const [host, port] = address.split(':')
  const token = await demoToken(demo, 'langchain-reporting')
  const requests = new RequestsGetTool({ 'X-Sluice-Authorization': `Bearer ${token}` })
  const dataSource = new DataSource({
    type: 'postgres',
    host: host ?? '127.0.0.1',
    port: Number(port),
    database: 'shop',
    username: 'langchain',
    password: token,
    applicationName: 'sluice-example',
    logNotifications: true,
    logger: noticesTo(notified),
  })
  await dataSource.initialize()
  const database = await SqlDatabase.fromDataSourceParams({ appDataSource: dataSource })
  return {
    address,
    api: `http://${demo.listen['http'] ?? '127.0.0.1:7480'}/shop-api`,
    async answer({ ask, call }) {
      const model = fakeModel()
        .respondWithTools([call])
        .respond((messages) => new AIMessage(messages.at(-1)?.text ?? ''))
      const toolkit = new SqlToolkit(database, model)
      // Their types were not written for exactOptionalPropertyTypes.
      toolkit.tools.push(requests as (typeof toolkit.tools)[number])
      const agent = createAgent({ model, tools: toolkit.getTools() })
      const { messages } = await agent.invoke({ messages: [{ role: 'user', content: ask }] })
      return messages.findLast((message) => message instanceof ToolMessage)?.text ?? ''
    },
    close: () => dataSource.destroy(),
  }
}

function noticesTo(notified: (notice: string) => void): Logger {
  return {
    log: (_level, message: unknown) => notified(String(message)),
    logQuery: () => {},
    logQueryError: () => {},
    logQuerySlow: () => {},
    logSchemaBuild: () => {},
    logMigration: () => {},
  }
}
