import { parseArgs } from 'node:util'
import { demoState, Unreachable, type DemoState } from '@sluice/cli'
import { openAgent } from './agent.ts'
import { openApprover } from './approver.ts'
import { openChat, type Told } from './chat.ts'
import { prompts } from './prompts.ts'
import { callingTheApi, deleting, ordering, questions, type Question } from './questions.ts'

/**
 * A LangChain application behind Sluice, in five acts: allowed and masked, denied, held until a person approves, over HTTP,
 * and a chat that streams.
 */
const { values } = parseArgs({ options: { wait: { type: 'boolean', default: false } } })
const found = await demoState(process.env)
if (found === null) {
  console.error('No demo was started here. In another terminal, in this folder: npm start')
  process.exit(3)
}
try {
  await useTools(found, values.wait)
  await chat(found)
} catch (error) {
  if (!(error instanceof Unreachable)) throw error
  console.error(error.message)
  process.exit(3)
}

console.log(`Where to look now
  npx sluice audit tail            every request, decision, approval and answer above, with what was masked and used
  npx sluice sessions ls --all     who was connected; then sessions show <id>: tokens and what they cost
  npx sluice approvals ls          what waits for a person
  npx sluice audit verify          the record is whole
  policies/starter/                the rules that decided: change one, save, and run this again`)

/** The agent and its tools: the database, and the same rows as an API. */
async function useTools(demo: DemoState, waitForPerson: boolean): Promise<void> {
  const approver = openApprover(waitForPerson)
  const agent = await openAgent(demo, (notice) => approver.notified(notice))
  const show = async (question: Question): Promise<string> => {
    const { ask, call, why } = question
    console.log(`user   ${ask}`)
    console.log(`agent  ${call.name}(${call.args.input})`)
    const answer = await agent.answer(question)
    await approver.done()
    console.log(`tool   ${shortened(answer)}`)
    console.log(`       → ${unapproved(answer) ?? why}\n`)
    return answer
  }
  console.log(`A LangChain agent asks the database "shop" at ${agent.address}, through Sluice.\n`)
  for (const question of questions) await show(question)
  const [, order] = /"id":"(\d+)"/.exec(await show(ordering)) ?? []
  if (order === undefined) throw new Error('the new order has no number')
  await show(deleting(order))
  console.log(`It asks the API "shop-api" at ${agent.api}, through Sluice.\n`)
  for (const question of callingTheApi(agent.api)) await show(question)
  await agent.close()
}

async function chat(demo: DemoState): Promise<void> {
  const model = await openChat(demo)
  console.log(`LangChain's ChatOpenAI streams from the language model at ${model.url}, through Sluice.\n`)
  for (const prompt of prompts) {
    console.log(`user   ${prompt.ask}`)
    console.log(`asks   ${prompt.model}`)
    const told = await model.ask(prompt)
    for (const line of linesOf(told)) console.log(line)
    const trouble = unanswered(told)
    if (trouble !== undefined) process.exitCode = 1
    console.log(`       → ${trouble ?? prompt.why}\n`)
  }
}

/** What the provider has of it stands beside what the application reads: `|` where an event ended. */
function linesOf(told: Told): readonly string[] {
  if (told.kind === 'failed') return [`error  ${shortened(told.message)}`]
  const { pieces, tokens, heard } = told
  return [
    ...heard.flatMap(({ got, says }) => [
      `got    ${got.join(' ')}   (the provider)`,
      `said   ${says}   (the provider)`,
    ]),
    `reads  ${pieces.join('|')}`,
    `used   ${tokens.input} + ${tokens.output} tokens`,
  ]
}

/** A denial is what there is to see; anything else went wrong. */
function unanswered(told: Told): string | undefined {
  if (told.kind === 'answered' || told.status === 403) return undefined
  return "No policy denied it: there was no answer. Is the provider up? It is the demo's own, or that of SLUICE_CONFIG."
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
