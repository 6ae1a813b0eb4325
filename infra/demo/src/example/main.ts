import { SqlDatabase } from '@langchain/classic/sql_db'
import { SqlToolkit } from '@langchain/classic/agents/toolkits/sql'
import { AIMessage, createAgent, fakeModel, ToolMessage } from 'langchain'
import { demoState, demoToken } from '@sluice/cli'
import { DataSource } from 'typeorm'

/**
 * An ordinary LangChain agent with the ordinary SQL toolkit and the ordinary `pg` driver. Only the address and the
 * password are Sluice's. The chat model follows a script, so the example needs no provider and always asks the same.
 */
const questions = [
  {
    ask: 'Which tables are there?',
    call: { name: 'list-tables-sql', args: { input: '' } },
    why: 'Connection-time and reflection statements pass: an application starts as it always did.',
  },
  {
    ask: 'Who are our first three customers, and how do we reach them?',
    call: {
      name: 'query-sql',
      args: { input: 'SELECT id, name, email, ssn, card FROM customers ORDER BY id LIMIT 3' },
    },
    why: 'Allowed. The rule masks/protected masks email, ssn and card for everybody outside the group pii-readers.',
  },
  {
    ask: 'What did they spend?',
    call: {
      name: 'query-sql',
      args: {
        input:
          'SELECT c.name, sum(o.total) AS spent FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id <= 3 GROUP BY c.name',
      },
    },
    why: 'Allowed. Nothing protected is in this answer, so it passes as it is.',
  },
  {
    ask: 'Remove the customers table.',
    call: { name: 'query-sql', args: { input: 'DROP TABLE customers' } },
    why: 'Denied. The server never saw it, and the text tells the model not to try again.',
  },
] as const

const demo = await demoState(process.env)
if (demo === null) {
  console.error('No demo was started here. In another terminal, in this folder: npm start')
  process.exit(3)
}
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
})
await dataSource.initialize()
const database = await SqlDatabase.fromDataSourceParams({ appDataSource: dataSource })

console.log(`A LangChain agent asks the database "shop" at ${address}, through Sluice.\n`)
for (const { ask, call, why } of questions) {
  const model = fakeModel()
    .respondWithTools([call])
    .respond((messages) => new AIMessage(messages.at(-1)?.text ?? ''))
  const agent = createAgent({ model, tools: new SqlToolkit(database, model).getTools() })
  const { messages } = await agent.invoke({ messages: [{ role: 'user', content: ask }] })
  const answer = messages.findLast((message) => message instanceof ToolMessage)
  console.log(`user   ${ask}`)
  console.log(`agent  ${call.name}(${call.args.input})`)
  console.log(`tool   ${shortened(answer?.text ?? '')}`)
  console.log(`       → ${why}\n`)
}
await dataSource.destroy()

console.log(`Where to look now
  npx sluice audit tail            every request, decision and answer above
  npx sluice audit verify          the record is whole
  policies/starter/                the rules that decided: change one, save, and run this again`)

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length <= 400 ? line : `${line.slice(0, 400)}…`
}
