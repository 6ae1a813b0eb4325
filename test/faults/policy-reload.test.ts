import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { startBackend, startGateway, WireClient, type Backend, type Gateway } from '../src/index.ts'

/**
 * The loop of an author, through a real gateway with the starter policies and all their tests: a file is saved, and
 * the next statement on an open connection is judged by it. Each figure is from before the save to the first answer
 * that is another one. They are printed and bounded generously: how fast it is depends on the machine.
 */

const saves = Number(process.env['SLUICE_FAULT_SAVES'] ?? 3)
const colds = Number(process.env['SLUICE_FAULT_COLDS'] ?? 1)
const reloads = Number(process.env['SLUICE_FAULT_RELOADS'] ?? 5)
const sessions = 20
const boundMs = 30_000

const starter = fileURLToPath(new URL('../../policies/starter', import.meta.url))

/** Builds are kept between runs, so what is saved must be new. */
const run = randomBytes(6).toString('hex')

/** A rule that names its own save, for the one table that shows it. */
function probe(save: string): string {
  return `package sluice.rules.probe # ${run}

deny contains {"rule": "probe/${save}", "message": "Probing."} if {
	some relation in input.action.relations
	relation.name == "probe"
}
`
}

suite('a saved policy', () => {
  let folder: string
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway

  const open = (): Promise<Gateway> =>
    startGateway({
      provider,
      policies: folder,
      targets: [{ name: 'shop', login: backend.login('postgres'), labels: { env: 'test' } }],
    })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-reload-'))
    await cp(starter, folder, { recursive: true })
    await allowDenials()
    await writeFile(join(folder, 'probe.rego'), probe('begin'))
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table probe (a int); create table plain (a int)')
    gateway = await open()
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Whoever asks for a new rule is denied thousands of times by the old ones, more often than the starter pack lets. */
  async function allowDenials(): Promise<void> {
    const file = join(folder, 'data.json')
    const data = JSON.parse(await readFile(file, 'utf8')) as { readonly budgets: object }
    await writeFile(
      file,
      JSON.stringify({ ...data, budgets: { ...data.budgets, subject_denials: 1_000_000 } }),
    )
  }

  async function connected(): Promise<WireClient> {
    return WireClient.login(await gateway.login('alice', 'shop'))
  }

  /** Milliseconds from the save to the first answer that it changed. */
  async function saved(client: WireClient, save: string): Promise<number> {
    const started = performance.now()
    await writeFile(join(folder, 'probe.rego'), probe(save))
    for (;;) {
      const [error] = (await client.query('select a from probe')).errors
      if (error?.message.includes(`"probe/${save}"`) === true) return performance.now() - started
      assert.ok(performance.now() - started < boundMs, `${save} was not in force after ${boundMs} ms`)
      await sleep(15)
    }
  }

  test('changes the next decision on an open connection', { timeout: 600_000 }, async (t) => {
    const cold: number[] = []
    const warm: number[] = []
    for (let each = 0; each < colds; each++) {
      // Its build is kept from before, so that this gateway has compiled nothing yet.
      await gateway.close()
      gateway = await open()
      const client = await connected()
      cold.push(await saved(client, `cold_${each}`))
      client.close()
    }
    const client = await connected()
    for (let each = 0; each < saves; each++) warm.push(await saved(client, `warm_${each}`))
    client.close()
    t.diagnostic(`cold, ${summary(cold)}`)
    t.diagnostic(`warm, ${summary(warm)}`)
    assert.deepEqual(gateway.reports, [])
  })

  test('leaves what is in force when it is broken, and the log says why', async () => {
    const client = await connected()
    await saved(client, 'good')
    await writeFile(join(folder, 'probe.rego'), probe('broken').replace('relation.name', 'relation.nmae'))
    const rejected = async (): Promise<string | undefined> => {
      const found = (await gateway.events()).findLast(({ type }) => type === 'PolicyRejected')
      return found?.type === 'PolicyRejected' ? found.data.errors : undefined
    }
    const started = performance.now()
    while ((await rejected()) === undefined) {
      assert.ok(performance.now() - started < boundMs)
      await sleep(20)
    }
    assert.match((await rejected()) ?? '', /^probe\.rego:5:2: undefined ref: .*nmae, did you mean name\?/)
    assert.match(gateway.reports.at(-1) ?? '', new RegExp(`${folder}/probe\\.rego:5:2: .*did you mean name`))
    const [error] = (await client.query('select a from probe')).errors
    assert.match(error?.message ?? '', /"probe\/good"/)
    client.close()
  })

  test(
    `no session drops, and no statement fails, over ${reloads} reloads under load`,
    { timeout: 900_000 },
    async (t) => {
      const clients = await Promise.all(Array.from({ length: sessions }, connected))
      let statements = 0
      let done = false
      const load = clients.map(async (client, index) => {
        while (!done) {
          const { rows, errors, closed } = await client.query(
            `select ${index} from plain union all select ${index}`,
          )
          assert.deepEqual(errors, [])
          assert.deepEqual(rows, [[String(index)]])
          assert.equal(closed, false)
          statements++
          await sleep(20)
        }
      })
      const changing = (async () => {
        const observer = await connected()
        const taken: number[] = []
        for (let each = 0; each < reloads; each++) taken.push(await saved(observer, `load_${each}`))
        done = true
        observer.close()
        return taken
      })()
      try {
        await Promise.race([Promise.all([changing, ...load]), changing.then(() => Promise.all(load))])
      } finally {
        done = true
      }
      t.diagnostic(
        `under ${sessions} sessions, ${statements} statements meanwhile, ${summary(await changing)}`,
      )
      for (const client of clients) client.close()
      await everyDecisionHadItsPolicies()
    },
  )

  /** The bundle of a revision is in the log before the first decision that names it. */
  async function everyDecisionHadItsPolicies(): Promise<void> {
    const activated = new Set<string>()
    for (const event of await gateway.events()) {
      if (event.type === 'PolicyActivated') activated.add(event.data.revision)
      if (event.type === 'DecisionMade')
        assert.ok(activated.has(event.data.revision), `${event.data.decision} names an unknown revision`)
    }
    assert.ok(activated.size > reloads)
  }
})

function summary(taken: readonly number[]): string {
  const sorted = taken.toSorted((a, b) => a - b)
  const at = (part: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? 0)
  return `${sorted.length} saves: median ${at(0.5)} ms, p95 ${at(0.95)} ms, slowest ${at(1)} ms`
}
