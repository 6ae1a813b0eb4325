import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { demoState, demoToken, type DemoState } from '@sluice/cli'
import { demoPorts, refuseTaken, startDemo } from '@sluice/demo'
import { pythonVersion, pythonWithClients } from './python.ts'

/** The examples of the README, against the demo that they are written for: they run as often as one likes. */
const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())
const data = await mkdtemp(join(tmpdir(), 'sluice-example-'))
parts.defer(() => rm(data, { recursive: true, force: true }))
const demo = await startDemo({
  ports: await freePorts(),
  data,
  config: null,
  env: {},
  step: () => {},
  report: (what, error) => console.error(what, error),
  activated: () => {},
})
parts.defer(() => demo.close())
const state = (await demoState({ SLUICE_DATA: data })) as DemoState

/** Ports of its own, so that the demo of whoever runs this may run too. */
async function freePorts(): Promise<ReturnType<typeof demoPorts>> {
  for (let base = 42_000 + (process.pid % 400) * 50; ; base += 50) {
    const ports = demoPorts(String(base))
    const free = await refuseTaken(Object.values(ports)).then(
      () => true,
      () => false,
    )
    if (free) return ports
  }
}

const file = (path: string): string => fileURLToPath(new URL(`../../infra/demo/${path}`, import.meta.url))
const node = ['--conditions=source', '--disable-warning=ExperimentalWarning']
const examples: Readonly<Record<string, () => Promise<readonly [string, ...string[]]>>> = {
  'in JavaScript': async () => [process.execPath, ...node, file('src/example/main.ts')],
  'in Python': async () => [await pythonWithClients(), file('example.py')],
}

interface Ran {
  readonly code: number | null
  readonly said: string
}

/** Runs it to its end; `heard` sees all that it has said so far. */
async function run(
  [program, ...args]: readonly [string, ...string[]],
  heard: (said: string) => void,
): Promise<Ran> {
  const env = { ...process.env, SLUICE_DATA: data, PYTHONWARNINGS: 'ignore' }
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
      heard(said)
    })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, said }
}

/** What its reader is shown, in this order. */
const acts: readonly RegExp[] = [
  /customers, feature_flags, orders/,
  /\*@example\.com/,
  /\*\*\*-\*\*-\d{4}/,
  /Access denied by policy "destructive\/drop"/,
  /INSERT INTO orders/,
  /DELETE FROM orders WHERE id = \d+ RETURNING id, total/,
  /Waiting up to 120 s for an approval \(ref apr_\w+\): Deleting rows needs an approval\./,
]

/** Behind them, where it has a tool for it. */
const overHttp: readonly RegExp[] = [
  /requests_get\(http:\/\/127\.0\.0\.1:\d+\/shop-api\/customers\?limit=1\)/,
  /"card":"\*{12}\d{4}/,
  /requests_get\(.*\/admin\/reindex\)/,
  /Access denied by policy .*web\/administration.*do not retry/,
]

function assertInOrder(said: string, parts: readonly RegExp[]): void {
  let from = 0
  for (const part of parts) {
    const found = part.exec(said.slice(from))
    assert.ok(found !== null, `${part} is not where it should be in\n${said}`)
    from += found.index + found[0].length
  }
}

/** Whether the order that it deleted is really gone, asked at the server itself. */
async function assertDeleted(said: string): Promise<void> {
  const [, order] = /DELETE FROM orders WHERE id = (\d+)/.exec(said) ?? []
  const client = new Client({ connectionString: state.direct['shop'] })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM orders WHERE id = $1', [order])
    assert.equal(rowCount, 0)
  } finally {
    await client.end()
  }
}

for (const [name, command] of Object.entries(examples))
  suite(
    `the example ${name}`,
    { skip: name === 'in Python' && (await pythonVersion()) === null && 'python3 is not installed' },
    () => {
      test('shows what is allowed and masked, what is denied, and what a person approves', async () => {
        const { code, said } = await run(await command(), () => {})
        const approved = [
          /\$ npx sluice approvals show apr_\w+ --as bob\n[^]*DELETE FROM orders/,
          /\$ npx sluice approvals approve apr_\w+ --as bob --reason 'a test order'/,
          /tool {3}.*19\.90/,
          /had approved exactly this statement/,
        ]
        assertInOrder(said, [...acts, ...approved, ...(name === 'in JavaScript' ? overHttp : [])])
        assert.equal(code, 0)
        await assertDeleted(said)
      })

      test('with --wait it waits for that person', async () => {
        let voting: Promise<number> | undefined
        const { code, said } = await run([...(await command()), '--wait'], (heard) => {
          const [, id] = /npx sluice approvals approve (apr_\w+) --as bob/.exec(heard) ?? []
          if (id !== undefined) voting ??= approve(id)
        })
        assert.equal(await voting, 200)
        assert.doesNotMatch(said, /approvals show/)
        assertInOrder(said, [...acts, /npx sluice approvals ls/, /tool {3}.*19\.90/])
        assert.equal(code, 0)
        await assertDeleted(said)
      })
    },
  )

async function approve(id: string): Promise<number> {
  const response = await fetch(`${state.api}/v1/approvals/${id}/votes`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await demoToken(state, 'carol')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ vote: 'approve', reason: 'tested' }),
  })
  await response.body?.cancel()
  return response.status
}
