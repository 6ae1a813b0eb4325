import { after, suite } from 'node:test'
import type { HttpDoor } from '../../src/index.ts'
import { runWithPython } from '../python.ts'
import { assertSame, transcribe, type Transcript } from '../transcript.ts'
import { curlCases } from './clients/curl.ts'
import { fetchCases } from './clients/fetch.ts'
import { modelCases } from './clients/models.ts'
import { toolkitCases } from './clients/toolkit.ts'
import { openStage } from './stage.ts'

/** Where everything is allowed, every client gets through Sluice what it gets from the API itself, to the byte. */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

const pythonClients = {
  requests: ['with_requests', 'with_requests_files', 'fifty_at_once', 'torn'],
  httpx: ['with_httpx', 'each_event_arrives_before_the_next_is_sent', 'large_downloads'],
  aiohttp: ['with_aiohttp', 'fifty_at_once_with_aiohttp'],
}
const pythonModels = ['with_openai', 'with_anthropic', 'with_chat_openai', 'with_requests_toolkit']

const clients: Readonly<Record<string, (door: HttpDoor) => Promise<Transcript>>> = {
  fetch: (door) => transcribe(fetchCases, door),
  curl: (door) => transcribe(curlCases, door),
  'models and tools': (door) => transcribe({ ...modelCases, ...toolkitCases }, door),
  'models and tools of Python': (door) => runWithPython('model_cases.py', door, { cases: pythonModels }),
  ...Object.fromEntries(
    Object.entries(pythonClients).map(([name, cases]) => [
      name,
      (door: HttpDoor) => runWithPython('http_cases.py', door, { cases }),
    ]),
  ),
}

const seen: (readonly [client: string, direct: Transcript, through: Transcript])[] = []
for (const [name, run] of Object.entries(clients))
  seen.push([name, await run(stage.direct), await run(await stage.through())])

for (const [name, direct, through] of seen) suite(name, () => assertSame(direct, through))
