import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoState, demoStateFile, demoToken, type DemoState } from '@sluice/cli'
import { Client } from 'pg'
import ssh2 from 'ssh2'
import { startDemo, type Demo } from './demo.ts'
import { freePorts } from './free-ports.ts'
import { demoPorts, type DemoPorts } from './ports.ts'

async function readable(data: string): Promise<DemoState> {
  const state = await demoState({ SLUICE_DATA: data })
  assert.ok(state)
  return state
}

suite('the demo with a configuration of its user', () => {
  let folder: string
  let data: string
  let ports: DemoPorts
  let demo: Demo
  const reports: string[] = []
  const activated: string[] = []

  const options = (config: string | null): Parameters<typeof startDemo>[0] => ({
    ports,
    data,
    config,
    env: { MINE: 'never used' },
    step: () => {},
    report: (what, error) => void reports.push(`${what}: ${error instanceof Error ? error.message : ''}`),
    activated: ({ revision }) => void activated.push(revision),
  })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-demo-test-'))
    data = join(folder, 'data')
    ports = await freePorts()
    await mkdir(join(folder, 'mine'))
    await writeFile(
      join(folder, 'mine', 'all.rego'),
      'package sluice.rules.all\n\nallow contains {"rule": "all"} if true\n',
    )
    await writeFile(
      join(folder, 'my.yaml'),
      `policies: { path: ./mine }
targets:
  - name: mine
    protocol: postgres
    address: 127.0.0.1:${ports.postgresBackend}
    database: shop
    tls: disable
    credential: { user: nobody, password: { env: MINE } }
`,
    )
    demo = await startDemo(options(join(folder, 'my.yaml')))
  })
  after(async () => {
    await Promise.all([demo.close(), demo.close()])
    assert.equal(existsSync(demoStateFile(data)), false, 'what is over leaves no address')
    await assert.rejects(fetch(`http://127.0.0.1:${ports.api}/readyz`))
    await assert.rejects(fetch(`http://127.0.0.1:${ports.identityProvider}/jwks`))
    await rm(folder, { recursive: true })
  })

  test('is ready, with targets added and policies replaced', async () => {
    const state = await readable(data)
    assert.equal((await fetch(new URL('/readyz', state.api))).status, 200)
    const headers = { authorization: `Bearer ${await demoToken(state, 'erin')}` }
    const targets = (await (await fetch(new URL('/v1/targets', state.api), { headers })).json()) as {
      name: string
    }[]
    assert.deepEqual(
      targets.map(({ name }) => name),
      ['shop', 'shop-api', 'shop-host', 'shop-llm', 'mine'],
    )
    assert.equal(demo.policies, join(folder, 'mine'))
  })

  test('lets a demo subject read through the gateway, under the policies of its user', async () => {
    const state = await readable(data)
    const [host = '', port] = (state.listen['postgres'] ?? '').split(':')
    const password = await demoToken(state, 'alice')
    const client = new Client({ host, port: Number(port), user: 'any', password, database: 'shop' })
    await client.connect()
    const { rows } = await client.query('SELECT ssn FROM customers WHERE id = 1')
    await client.end()
    assert.deepEqual(rows, [{ ssn: '188-70-6144' }], 'these policies mask nothing')
  })

  test('has a host that is reached over SSH with a token', async () => {
    const state = await readable(data)
    const [host = '', port] = (state.listen['ssh'] ?? '').split(':')
    const password = await demoToken(state, 'alice')
    const client = new ssh2.Client()
    const said = await new Promise<string>((resolve, reject) => {
      client.on('error', reject).on('ready', () => {
        client.exec('head -n 2 /srv/shop/customers.csv', (error, channel) => {
          if (error !== undefined) return reject(error)
          let text = ''
          channel.on('data', (bytes: Buffer) => (text += bytes.toString())).on('close', () => resolve(text))
        })
      })
      client.connect({ host, port: Number(port), username: 'shop-host', password })
    })
    client.end()
    assert.match(said, /^id,name,email,ssn,card\n1,Ann Archer,ann\.archer@example\.com,536-22-8726,/)
  })

  test('keeps its state to its owner', async () => {
    assert.equal((await stat(demoStateFile(data))).mode & 0o777, 0o600)
    assert.equal((await stat(data)).mode & 0o777, 0o700)
    for (const log of [demo.postgresLog, demo.llmLog]) assert.equal((await stat(log)).mode & 0o777, 0o600)
  })

  test('a changed policy is in force, or its error is reported with its place and changes nothing', async () => {
    const rule = join(folder, 'mine', 'more.rego')
    await writeFile(rule, 'package sluice.rules.more\n\ndeny contains {"rule": "no"} if nope(1)\n')
    await until(() => reports.length > 0)
    assert.match(reports[0] ?? '', /stays so: .*\/mine\/more\.rego:3:33: .*nope/)
    const before = demo.gateway.revision
    await writeFile(
      rule,
      'package sluice.rules.more\n\ndeny contains {"rule": "no"} if input.action.kind == "x"\n',
    )
    await until(() => activated.length > 0)
    assert.deepEqual(activated, [demo.gateway.revision])
    assert.notEqual(demo.gateway.revision, before)
  })

  test('refuses a second one beside it, in words', async () => {
    await assert.rejects(startDemo(options(null)), /a demo with the data folder .* runs already, at http:/)
    const elsewhere = { ...options(null), data: join(folder, 'other') }
    await assert.rejects(startDemo(elsewhere), new RegExp(`ports ${ports.api}, .* are in use`))
    assert.equal(existsSync(join(folder, 'other')), false)
  })
})

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!holds()) {
    assert.ok(performance.now() < deadline, 'it did not happen in time')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('a mistake in the configuration is found before anything is started', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-test-'))
  const config = join(folder, 'my.yaml')
  await writeFile(config, 'target: []\n')
  const data = join(folder, 'data')
  const quiet = { step: () => {}, report: () => {}, activated: () => {} }
  await assert.rejects(
    startDemo({ ports: demoPorts(undefined), data, config, env: {}, ...quiet }),
    /my\.yaml:1:1: unknown key "target" — did you mean "targets"\?/,
  )
  await assert.rejects(
    startDemo({ ports: demoPorts(undefined), data, config: join(folder, 'none.yaml'), env: {}, ...quiet }),
    { code: 'ENOENT' },
  )
  assert.equal(existsSync(data), false)
  await rm(folder, { recursive: true })
})
