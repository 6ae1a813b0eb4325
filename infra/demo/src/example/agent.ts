import { SqlDatabase } from '@langchain/classic/sql_db'
import { SqlToolkit } from '@langchain/classic/agents/toolkits/sql'
import { AIMessage, createAgent, fakeModel, ToolMessage } from 'langchain'
import { demoToken, type DemoState } from '@sluice/cli'
import { DataSource, type Logger } from 'typeorm'
import type { Question } from './questions.ts'

export interface Agent {
  /** Where it asks. */
  readonly address: string
  /** What the model reads as the answer of its tool. */
  answer(question: Question): Promise<string>
  close(): Promise<void>
}

/**
 * An ordinary LangChain agent with the ordinary SQL toolkit and the ordinary `pg` driver. Only the address and the
 * password are Sluice's. The chat model follows a script, so the example needs no provider and always asks the same.
 *
 * `notified`: what the server's notices say; an application may log them, or not look at them at all.
 */
export async function openAgent(demo: DemoState, notified: (notice: string) => void): Promise<Agent> {
  const address = demo.listen['postgres'] ?? '127.0.0.1:7432'
  const [host, port] = address.split(':')
  const dataSource = new DataSource({
    type: 'postgres',
    host: host ?? '127.0.0.1',
    port: Number(port),
    database: 'shop',
    username: 'langchain',
    password: await demoToken(demo, 'langchain-reporting'),
    applicationName: 'sluice-example',
    logNotifications: true,
    logger: noticesTo(notified),
  })
  await dataSource.initialize()
  const database = await SqlDatabase.fromDataSourceParams({ appDataSource: dataSource })
  return {
    address,
    async answer({ ask, call }) {
      const model = fakeModel()
        .respondWithTools([call])
        .respond((messages) => new AIMessage(messages.at(-1)?.text ?? ''))
      const agent = createAgent({ model, tools: new SqlToolkit(database, model).getTools() })
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
