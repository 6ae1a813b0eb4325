import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits, type Decision, type PolicyInput } from '@sluice/core'
import type { Bundle } from './bundle.ts'
import { PolicyError } from './diagnostic.ts'
import { neutralInput } from './neutral-input.ts'
import { createPdp, type Pdp } from './pdp.ts'
import { writtenFolder, type WrittenFolder } from './written-folder.ts'

const cache = writtenFolder({})
after(() => cache[Symbol.dispose]())

/** Says its own name and whom it was asked for. */
function policy(name: string): Readonly<Record<string, string>> {
  return {
    'a.rego': `package sluice.rules.a

allow contains {"rule": "a/${name}", "message": input.session.id} if input.action.kind == "select"
`,
  }
}

function asking(id: string): PolicyInput {
  return { ...neutralInput, session: { ...neutralInput.session, id } }
}

interface Served extends AsyncDisposable {
  readonly folder: WrittenFolder
  readonly pdp: Pdp
  readonly reports: string[]
  readonly activated: Bundle[]
}

async function served(files: Readonly<Record<string, string>>): Promise<Served> {
  const folder = writtenFolder(files)
  const reports: string[] = []
  const activated: Bundle[] = []
  const pdp = await createPdp({
    folder: folder.path,
    cache: cache.path,
    rejected: (why) => reports.push(why.message),
    activated: (bundle) => activated.push(bundle),
  })
  const end = async (): Promise<void> => {
    await pdp.close()
    folder[Symbol.dispose]()
  }
  return { folder, pdp, reports, activated, [Symbol.asyncDispose]: end }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

test('a change is in force soon after it was written, a broken one is told and changes nothing', async (t) => {
  await using gateway = await served(policy('one'))
  const { folder, pdp, reports, activated } = gateway
  const ruled = async (id: string): Promise<string | undefined> =>
    (await pdp.evaluate(asking(id))).verdict.reasons[0]?.rule
  assert.equal(await ruled('x'), 'a/one')

  for (const name of ['two', 'three', 'four']) {
    const written = performance.now()
    const before = pdp.revision
    folder.write(policy(name))
    await until(() => pdp.revision !== before)
    t.diagnostic(`in force after ${Math.round(performance.now() - written)} ms`)
    assert.equal(await ruled('x'), `a/${name}`)
    assert.equal(activated.at(-1)?.revision, pdp.revision)
    assert.equal(pdp.bundle, activated.at(-1))
  }

  const good = pdp.revision
  folder.write({
    'a.rego': 'package sluice.rules.a\n\nallow contains {"rule": "x"} if http.send({"url": "x"})\n',
  })
  await until(() => reports.length > 0)
  assert.deepEqual(reports, ['a.rego:3:33: undefined function http.send'])
  assert.equal(pdp.revision, good)
  assert.equal(await ruled('y'), 'a/four')
  assert.equal(await pdp.reload(), false)
  assert.equal(reports.length, 1, 'the same errors are told once')

  folder.write({ 'a.rego': 'package sluice.rules.a\n\nmask contains "nonsense"\n' })
  await until(() => reports.length > 1)
  assert.match(reports[1] ?? '', /gave an answer that Sluice does not know/)
  assert.equal(await ruled('z'), 'a/four')

  folder.write(policy('four'))
  await sleep(2 * limits.policyLookMs)
  assert.equal(await pdp.reload(), true)
  assert.equal(pdp.revision, good)
  assert.equal(activated.length, 3, 'what was in force all the time is not activated again')
})

test('no decision is lost or mixed while policies change fifty times', async () => {
  await using gateway = await served(policy('even'))
  const { folder, pdp, activated, reports } = gateway
  const names = new Map([[pdp.revision, 'even']])
  let asked = 0
  let done = false
  const ask = async (): Promise<void> => {
    while (!done) {
      await sleep(5)
      const id = `s${asked++}`
      const { verdict, revision }: Decision = await pdp.evaluate(asking(id))
      assert.equal(verdict.effect, 'allow')
      assert.equal(verdict.reasons[0]?.message, id)
      const name = names.get(revision) ?? verdict.reasons[0].rule.replace('a/', '')
      names.set(revision, name)
      assert.equal(verdict.reasons[0].rule, `a/${name}`, 'the revision is that of the rules that decided')
    }
  }
  const load = Array.from({ length: 5 }, ask)
  const reloads = (async () => {
    for (let round = 0; round < 50; round++) {
      folder.write(policy(round % 2 === 0 ? 'odd' : 'even'))
      assert.equal(await pdp.reload(), true)
    }
    done = true
  })()
  await Promise.all([...load, reloads])
  assert.equal(activated.length, 50)
  assert.equal(names.size, 2)
  assert.deepEqual(reports, [])
  assert.ok(asked > 250, `only ${asked} decisions`)
})

test('reloads that are asked for together come one after another', async () => {
  await using gateway = await served(policy('even'))
  gateway.folder.write(policy('odd'))
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => gateway.pdp.reload())), [true, true, true])
  assert.equal(gateway.activated.length, 1)
})

test('a folder that cannot be used at the start is refused', async () => {
  using folder = writtenFolder({ 'a.rego': 'package sluice.rules.a\n\ndeny := true\n' })
  await assert.rejects(createPdp({ folder: folder.path, cache: cache.path }), PolicyError)
  using empty = writtenFolder({})
  await assert.rejects(createPdp({ folder: empty.path, cache: cache.path }), PolicyError)
})

test('after its end it denies, and reads nothing more', async () => {
  const gateway = await served(policy('even'))
  await gateway[Symbol.asyncDispose]()
  const { verdict } = await gateway.pdp.evaluate(asking('late'))
  assert.deepEqual([verdict.effect, verdict.reasons[0]?.rule], ['deny', 'policy/closed'])
  assert.equal(await gateway.pdp.reload(), false)
})
