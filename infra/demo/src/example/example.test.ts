import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { demoStateFile, sluice } from '@sluice/cli'
import { startDemo, type Demo } from '../demo.ts'
import { freePorts } from '../free-ports.ts'
import { learned, type HeardChat } from '../language-model.ts'
import type { DemoPorts } from '../ports.ts'
import { pythonVersion } from '../python-environment.ts'

/** Both examples as they are typed, beside a demo that was started for them. */
/** The one in Python installs much: `npm run test:example` plays it too. */
const asked = process.env['SLUICE_EXAMPLES'] === 'all'
const python = asked && (await pythonVersion()) !== null
if (asked && !python) console.error('demo: python3 is not installed, so the example in Python did NOT RUN.')
const languages = ['JavaScript', ...(python ? ['Python'] : [])] as const

const scripts: Readonly<Record<string, string>> = { JavaScript: 'main.ts', Python: 'python.ts' }
const card = '4111 1111 1111 1111'
const mail = 'ana@example.com'

let folder: string
let data: string
let ports: DemoPorts
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-example-test-'))
  data = join(folder, 'data')
  ports = await freePorts()
})
after(() => rm(folder, { recursive: true }))

function start(config: string | null = null): Promise<Demo> {
  const quiet = { step: () => {}, report: () => {}, activated: () => {} }
  return startDemo({ ports, data, config, env: { KEY: 'k' }, ...quiet })
}

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly complaints: string
}

async function run(language: string, at: string = data): Promise<Ran> {
  const script = fileURLToPath(new URL(scripts[language] ?? '', import.meta.url))
  const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...flags, script], {
    env: { ...process.env, SLUICE_DATA: at },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, complaints]: [string[], string[]] = [[], []]
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out: out.join(''), complaints: complaints.join('') }
}

interface Event {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What an auditor finds in the record. */
async function recorded(): Promise<readonly Event[]> {
  const lines: string[] = []
  const io = {
    env: { SLUICE_DATA: data },
    signal: new AbortController().signal,
    out: (text: string) => void lines.push(text),
    error: assert.fail,
  }
  assert.equal(await sluice(['audit', 'tail', '--since', '1h', '--last', '1000', '--json'], io), 0)
  return lines
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event)
}

/** The end of an answer is recorded beside its way to the client: both chats must have one. */
async function until(look: () => Promise<readonly Event[]>): Promise<readonly Event[]> {
  for (const late = performance.now() + 5_000; ; await sleep(50)) {
    const events = await look()
    if (events.filter(isUsed).length >= 2 || performance.now() > late) return events
  }
}

function isUsed({ type, data }: Event): boolean {
  return type === 'ResponseCompleted' && data['usage'] !== null
}

/** The lines behind a question up to its explanation, by their first word. */
function answerTo(ask: string, out: string, nth = 0): Readonly<Record<string, string>> {
  const [, from = assert.fail(`nobody asks ${ask}`)] = out.split(`user   ${ask}\n`).slice(nth)
  const lines = (from.split('\n\n')[0] ?? '').split('\n')
  return Object.fromEntries(lines.map((line) => [line.slice(0, 7).trim(), line.slice(7)]))
}

suite('the example', () => {
  let demo: Demo
  before(async () => {
    demo = await start()
  })
  after(() => demo.close())

  for (const language of languages)
    suite(`in ${language}`, () => {
      let ran: Ran
      let events: readonly Event[]
      let chats: readonly HeardChat[]
      before(async () => {
        const [seen, heard] = [(await recorded()).length, (await heardChats()).length]
        ran = await run(language)
        events = await until(async () => (await recorded()).slice(seen))
        chats = (await heardChats()).slice(heard)
      })
      const heardChats = async (): Promise<readonly HeardChat[]> =>
        (await readFile(demo.llmLog, 'utf8'))
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as HeardChat)
      const decided = (effect: string): readonly unknown[] =>
        events.flatMap(({ type, data }) =>
          type === 'DecisionMade' && data['effect'] === effect ? [data['rule']] : [],
        )

      test('runs to its end and complains of nothing', () => {
        assert.equal(ran.code, 0, ran.complaints)
        assert.match(ran.out, /Where to look now/)
        assert.doesNotMatch(ran.complaints, /Error|Traceback|Warning/)
      })

      test('asks the database: masked, denied, and held until bob approves', () => {
        const { tool } = answerTo('Who are our first three customers, and how do we reach them?', ran.out)
        assert.match(tool ?? '', /\*\*\*-\*\*-6144/)
        assert.match(ran.out, /Access denied by policy "destructive\/drop"/)
        assert.match(ran.out, /apr_\w+ is approved\n/)
        assert.deepEqual(decided('hold'), ['review/delete'])
        assert.equal(events.filter(({ type }) => type === 'ApprovalGranted').length, 1)
      })

      test('asks the API with its tool: masked and denied', () => {
        const { tool } = answerTo('Ask the API for the first customer.', ran.out)
        assert.match(tool ?? '', /"ssn":"\*\*\*-\*\*-6144"/)
        assert.doesNotMatch(ran.out, /188-70-6144/)
        assert.match(answerTo('Rebuild the index of the API.', ran.out)['tool'] ?? '', /"status":403/)
      })

      test('hands the provider no card and no address that a user typed', () => {
        const [first] = chats
        assert.deepEqual(first?.got, ['Tell a**@example.com that the card **** **** **** 1111 was declined.'])
        assert.ok(!JSON.stringify(chats).includes(card) && !JSON.stringify(chats).includes(mail))
        const shown = answerTo(`Tell ${mail} that the card ${card} was declined.`, ran.out)
        assert.match(shown['got'] ?? '', /a\*\*@example\.com .* 1111 was declined/)
        assert.match(shown['reads'] ?? '', /^I \|was /)
      })

      test('reads a stream without the key that the provider said', () => {
        assert.match(chats[1]?.says ?? '', new RegExp(`${learned.key}.*${learned.mail}`))
        const { reads = '' } = answerTo('How do I get into the sandbox?', ran.out)
        assert.match(
          reads,
          /^Use \|\[masked\], \|and \|tell \|o\*\*@example\.com \|when \|you \|are \|done\.$/,
        )
      })

      test('is told that a model is not for it, which the provider never hears of', () => {
        const { error = '' } = answerTo('How do I get into the sandbox?', ran.out, 1)
        assert.match(error, /403.*Access denied by policy "llm\/model".*The model mistral-large is not open/)
        assert.deepEqual(
          chats.map(({ model }) => model),
          ['gpt-4o-mini', 'gpt-4o-mini'],
        )
      })

      test('is on record with what was masked, used and denied', () => {
        assert.deepEqual(decided('deny'), ['destructive/drop', 'web/administration', 'llm/model'])
        assert.equal(decided('allow').filter((rule) => rule === 'llm/ask').length, 2)
        const ends = events.filter(isUsed).map(({ data }) => data)
        const counted = (input: number, output: number) => ({
          model: 'gpt-4o-mini',
          input_tokens: input,
          output_tokens: output,
          cost_micros: Math.ceil(input * 0.15 + output * 0.6),
          estimated: false,
        })
        assert.deepEqual(
          ends.map(({ usage }) => usage),
          [counted(29, 33), counted(9, 23)],
        )
        assert.match(JSON.stringify(ends[0]?.['masked']), /request:email.*request:card/)
        assert.match(JSON.stringify(ends[1]?.['masked']), /key/)
        assert.match(ran.out, /used {3}29 \+ 33 tokens\n[^]*used {3}9 \+ 23 tokens\n/)
      })
    })
})

suite('where the provider of the language model is down', () => {
  let demo: Demo
  before(async () => {
    const config = join(folder, 'down.yaml')
    await writeFile(
      config,
      `targets:
  - name: shop-llm
    protocol: http
    address: 127.0.0.1:${ports.llmBackend + 1}
    tls: disable
    credential: { password: { env: KEY } }
    profile: openai
`,
    )
    demo = await start(config)
  })
  after(() => demo.close())

  for (const language of languages)
    test(`the example in ${language} says so, and goes on`, async () => {
      const { code, out, complaints } = await run(language)
      const shown = answerTo(`Tell ${mail} that the card ${card} was declined.`, out)
      assert.match(shown['error'] ?? '', /502.*The target cannot be reached: the connection failed/)
      assert.match(shown[''] ?? '', /No policy denied it: there was no answer\. Is the provider up/)
      assert.match(answerTo('How do I get into the sandbox?', out, 1)['error'] ?? '', /403.*llm\/model/)
      assert.equal(code, 1)
      assert.doesNotMatch(complaints, /Traceback|at .*\.ts:\d/)
    })
})

suite('where no demo runs', () => {
  for (const language of languages)
    test(`the example in ${language} says how to start one`, async () => {
      const never = await run(language, join(folder, 'nowhere'))
      assert.deepEqual(
        [never.code, never.complaints.trim()],
        [3, 'No demo was started here. In another terminal, in this folder: npm start'],
      )
      const demo = await start()
      const state = await readFile(demoStateFile(data))
      await demo.close()
      await writeFile(demoStateFile(data), state)
      const killed = await run(language)
      assert.equal(killed.code, 3)
      assert.match(killed.complaints, /^\S+ does not answer.*npm start\n$/)
      await rm(demoStateFile(data))
    })
})
