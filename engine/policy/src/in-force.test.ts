import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '@sluice/core'
import { revisionOf } from './bundle.ts'
import type { Sources } from './compiler.ts'
import { PolicyError } from './diagnostic.ts'
import { createPdp, type InForce } from './pdp.ts'
import { allowing, plainRead, scriptedPdp, type ScriptedPdp } from './scripted-pdp.ts'
import { writtenFolder } from './written-folder.ts'

const cache = writtenFolder({})
after(() => cache[Symbol.dispose]())

const broken = { 'a.rego': 'package sluice.rules.a\n\nallow contains {"rule": "x"} if inptu.action\n' }

function opened(name: string): Promise<ScriptedPdp> {
  return scriptedPdp(writtenFolder(allowing(name)), cache.path)
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

suite('files', () => {
  test('a revision is recorded before it answers for anything', async () => {
    await using of = await opened('one')
    const first = of.pdp.revision
    assert.deepEqual(of.recorded, [`files ${first}`])
    of.logIsDown = true
    of.folder.write(allowing('two'))
    await until(() => of.failed.length > 0)
    assert.deepEqual(of.failed, ['Error: the log is down'])
    assert.equal(await of.rule(), 'a/one')
    assert.deepEqual(of.rejected, [], 'nothing is wrong with the files')
    of.logIsDown = false
    await until(() => of.pdp.revision !== first)
    assert.equal(await of.rule(), 'a/two')
    assert.deepEqual(of.recorded, [`files ${first}`, `files ${of.pdp.revision}`])
  })

  test('each broken content is told once, with its place and what was meant', async () => {
    await using of = await opened('one')
    of.folder.write(broken)
    assert.equal(await of.pdp.reload(), false)
    assert.equal(await of.pdp.reload(), false)
    assert.deepEqual(of.rejected, ['a.rego:3:33: var inptu is unsafe, did you mean input?'])
    assert.equal(of.pdp.files, 'rejected')
    of.folder.write({ 'a.rego': `${broken['a.rego']}\n# the same mistake in another file\n` })
    assert.equal(await of.pdp.reload(), false)
    assert.equal(of.rejected.length, 2)
    assert.equal(await of.rule(), 'a/one')
    of.folder.write(allowing('one'))
    assert.equal(await of.pdp.reload(), true)
    assert.equal(of.pdp.files, 'active')
    assert.equal(of.recorded.length, 1, 'what was in force all the time is not recorded again')
  })
})

test('files that change while they are judged are no mistake yet', async () => {
  await using of = await opened('one')
  for (let round = 0; round < 5; round++) {
    of.folder.write(broken)
    const judged = of.pdp.reload()
    await sleep(15)
    of.folder.write(allowing('two'))
    await judged
    await until(() => of.pdp.files === 'active')
    of.folder.write(allowing('one'))
    await of.pdp.reload()
  }
  assert.deepEqual(of.rejected, [])
})

suite('what a person puts in force', () => {
  test('stays until the files change, whatever is done to their tests', async () => {
    await using of = await opened('one')
    const one = of.last()
    of.folder.write(allowing('two'))
    await of.pdp.reload()
    const bundle = await of.activate(one.sources)
    assert.equal(bundle.revision, one.revision)
    assert.deepEqual([await of.rule(), of.pdp.files], ['a/one', 'differ'])
    of.folder.write({ 'a_test.rego': 'package a_test\n\ntest_a if true\n' })
    assert.equal(await of.pdp.reload(), true)
    assert.deepEqual([await of.rule(), of.pdp.files], ['a/one', 'differ'])
    of.folder.write(allowing('three'))
    assert.equal(await of.pdp.reload(), true)
    assert.deepEqual([await of.rule(), of.pdp.files], ['a/three', 'active'])
  })

  test('is still in force after files were broken and mended', async () => {
    await using of = await opened('one')
    const one = of.last()
    of.folder.write(allowing('two'))
    await of.pdp.reload()
    await of.activate(one.sources)
    of.folder.write(broken)
    assert.equal(await of.pdp.reload(), false)
    assert.deepEqual([await of.rule(), of.pdp.files], ['a/one', 'rejected'])
    of.folder.write(allowing('two'))
    assert.equal(await of.pdp.reload(), true)
    assert.deepEqual([await of.rule(), of.pdp.files], ['a/one', 'differ'])
  })

  test('ends, and that is recorded, when the files say the same', async () => {
    await using of = await opened('one')
    const one = of.last()
    of.folder.write(allowing('two'))
    await of.pdp.reload()
    await of.activate(one.sources)
    of.folder.write(allowing('one'))
    assert.equal(await of.pdp.reload(), true)
    assert.equal(of.pdp.files, 'active')
    assert.deepEqual(of.recorded.slice(-2), [`over ${one.revision}`, `files ${one.revision}`])
    of.folder.write(allowing('two'))
    await of.pdp.reload()
    assert.equal(await of.rule(), 'a/two', 'the files count again')
  })

  test('is not in force when it cannot be recorded or used', async () => {
    await using of = await opened('one')
    of.logIsDown = true
    const { revision } = of.pdp
    await assert.rejects(of.activate({ files: allowing('two'), data: {} }), /the log is down/)
    assert.deepEqual([of.pdp.revision, of.pdp.files, await of.rule()], [revision, 'active', 'a/one'])
    of.logIsDown = false
    await assert.rejects(of.activate({ files: broken, data: {} }), PolicyError)
    assert.deepEqual([of.pdp.revision, of.pdp.files, await of.rule()], [revision, 'active', 'a/one'])
  })
})

suite('on a log that others share', () => {
  async function shared(last: InForce | null, files = allowing('files')) {
    const folder = writtenFolder(files)
    const told: string[] = []
    const pdp = await createPdp({
      folder: folder.path,
      cache: cache.path,
      shared: true,
      last,
      record: async (bundle) => void told.push(`recorded ${bundle.revision}`),
      activated: (bundle) => told.push(`in force ${bundle.revision}`),
      unusable: (why) => told.push(`unusable ${why.message.slice(0, 40)}`),
    })
    const rule = async () => (await pdp.evaluate(plainRead)).verdict.reasons[0]?.rule
    const end = async (): Promise<void> => {
      await pdp.close()
      folder[Symbol.dispose]()
    }
    return { folder, pdp, told, rule, [Symbol.asyncDispose]: end }
  }

  async function inForce(name: string, files: Sources['files'] = allowing(name)): Promise<InForce> {
    const sources = { files, data: {} }
    return { revision: await revisionOf(sources), sources, over: null }
  }

  test('files count only where it says nothing', async () => {
    await using fresh = await shared(null)
    assert.equal(await fresh.rule(), 'a/files')
    await using joined = await shared(await inForce('log'))
    assert.deepEqual([await joined.rule(), joined.pdp.files], ['a/log', 'differ'])
  })

  test('files that change afterwards change nothing', async () => {
    await using of = await shared(await inForce('log'))
    of.folder.write(allowing('later'))
    await sleep(3 * limits.policyLookMs)
    assert.equal(await of.rule(), 'a/log')
  })

  test('what others put in force is served, of several the last, and is not recorded again', async () => {
    await using of = await shared(null)
    const before = of.told.length
    const [one, two] = [await inForce('one'), await inForce('two')]
    let last = one
    const following = [of.pdp.follow(() => last), of.pdp.follow(() => last)]
    last = two
    await Promise.all(following)
    assert.equal(await of.rule(), 'a/two')
    assert.deepEqual(of.told.slice(before), [`in force ${of.pdp.revision}`])
  })

  test('what cannot be used is told once, and what was served stays so', async () => {
    await using of = await shared(await inForce('log'))
    const bad = await inForce('bad', broken)
    await of.pdp.follow(() => bad)
    await of.pdp.follow(() => bad)
    assert.equal(await of.rule(), 'a/log')
    assert.equal(of.told.filter((what) => what.startsWith('unusable')).length, 1)
    assert.deepEqual([of.pdp.unusable?.revision, of.pdp.revision === bad.revision], [bad.revision, false])
    const good = await inForce('good')
    await of.pdp.follow(() => good)
    assert.deepEqual([await of.rule(), of.pdp.unusable], ['a/good', null])
  })

  test('what another version compiled is told, and no revision is served that the log does not hold', async () => {
    await using of = await shared(await inForce('log'))
    const { revision } = of.pdp
    const foreign = { ...(await inForce('two')), revision: 'f'.repeat(32) }
    await of.pdp.follow(() => foreign)
    assert.deepEqual([of.pdp.revision, await of.rule()], [revision, 'a/log'])
    assert.deepEqual(of.told, ['unusable another version of Sluice activated ffff'])
    const same = { ...(await inForce('log')), revision: 'e'.repeat(32) }
    await of.pdp.follow(() => same)
    assert.deepEqual([of.pdp.revision, of.told.length], [revision, 1], 'the same sources are nothing new')
    assert.equal(of.pdp.unusable, null)
  })

  test('sent files must pass their own tests', async () => {
    await using of = await shared(await inForce('log'))
    const recorded: string[] = []
    const send = (files: Readonly<Record<string, string>>) =>
      of.pdp.activateFiles(
        new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])),
        async (bundle) => void recorded.push(bundle.revision),
      )
    const failing = { 'a_test.rego': 'package a_test\n\ntest_never if false\n' }
    await assert.rejects(send({ ...allowing('sent'), ...failing }), PolicyError)
    assert.deepEqual([await of.rule(), recorded], ['a/log', []])
    const { revision } = await send(allowing('sent'))
    assert.deepEqual([await of.rule(), recorded], ['a/sent', [revision]])
  })
})
