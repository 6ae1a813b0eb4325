import { RequestsToolkit } from '@langchain/classic/agents/toolkits'
import type { HttpDoor } from '../../../src/index.ts'
import type { Case } from '../../transcript.ts'

/** The tools of LangChain's RequestsToolkit: what a model reads. */
export const toolkitCases: Readonly<Record<string, Case<HttpDoor>>> = {
  'what a model reads': async (door) => ({
    get: await use(door, 'requests_get', `${door.url}/json?q=1`),
    post: await use(
      door,
      'requests_post',
      JSON.stringify({ url: `${door.url}/echo`, data: { a: ['ä', 1] } }),
    ),
    failed: await use(door, 'requests_get', `${door.url}/status/500`),
  }),
}

/** And when it is refused, and asks for something else then. */
export const toolkitRefusal: Case<HttpDoor> = async (door) => [
  await use(door, 'requests_get', `${door.url}/denied`),
  await use(door, 'requests_get', `${door.url}/json`),
]

async function use({ headers }: HttpDoor, name: string, input: string): Promise<string> {
  const json = { ...headers, 'content-type': 'application/json' }
  const tool = new RequestsToolkit(json).getTools().find((each) => each.name === name)
  if (tool === undefined) throw new Error(`the toolkit has no ${name}`)
  return String(await tool.invoke(input))
}
