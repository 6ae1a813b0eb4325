import { parseArgs } from 'node:util'
import { demoState } from '@sluice/cli'
import { openAgent } from './agent.ts'
import { openApprover } from './approver.ts'
import { callingTheApi, deleting, ordering, questions, type Question } from './questions.ts'

/** A LangChain agent behind Sluice, in four acts: allowed and masked, denied, held until a person approves, and over HTTP. */
const { values } = parseArgs({ options: { wait: { type: 'boolean', default: false } } })
const demo = await demoState(process.env)
if (demo === null) {
  console.error('No demo was started here. In another terminal, in this folder: npm start')
  process.exit(3)
}

const approver = openApprover(values.wait)
const agent = await openAgent(demo, (notice) => approver.notified(notice))
console.log(`A LangChain agent asks the database "shop" at ${agent.address}, through Sluice.\n`)
for (const question of questions) await show(question)
const [, order] = /"id":"(\d+)"/.exec(await show(ordering)) ?? []
if (order === undefined) throw new Error('the new order has no number')
await show(deleting(order))
console.log(`It asks the API "shop-api" at ${agent.api}, through Sluice.\n`)
for (const question of callingTheApi(agent.api)) await show(question)
await agent.close()

console.log(`Where to look now
  npx sluice audit tail            every request, decision, approval and answer above
  npx sluice approvals ls          what waits for a person
  npx sluice audit verify          the record is whole
  policies/starter/                the rules that decided: change one, save, and run this again`)

async function show(question: Question): Promise<string> {
  const { ask, call, why } = question
  console.log(`user   ${ask}`)
  console.log(`agent  ${call.name}(${call.args.input})`)
  const answer = await agent.answer(question)
  await approver.done()
  console.log(`tool   ${shortened(answer)}`)
  console.log(`       → ${unapproved(answer) ?? why}\n`)
  return answer
}

function unapproved(answer: string): string | undefined {
  if (/Approval required/.test(answer))
    return 'Nobody approved it in time, so nothing ran. Once somebody has, the same request passes, once.'
  if (/approval that it needs was/.test(answer)) return 'Nothing ran: the server never saw it.'
  return undefined
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length <= 400 ? line : `${line.slice(0, 400)}…`
}
