import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { PolicyError } from './diagnostic.ts'
import { allowing, scriptedPdp, type ScriptedPdp } from './scripted-pdp.ts'
import { writtenFolder } from './written-folder.ts'

const cache = writtenFolder({})
after(() => cache[Symbol.dispose]())

const broken = { 'a.rego': 'package sluice.rules.a\n\ndeny := true\n' }
const failing = { 'a_test.rego': 'package a_test\n\ntest_a if false\n' }

/** The files say `two`, and a person put `one` in force over them. */
async function rolledBack(): Promise<ScriptedPdp> {
  const of = await scriptedPdp(writtenFolder(allowing('one')), cache.path)
  const one = of.last()
  of.folder.write(allowing('two'))
  await of.pdp.reload()
  await of.activate(one.sources)
  return of
}

test('a first start needs files that pass', async () => {
  using folder = writtenFolder(broken)
  await assert.rejects(scriptedPdp(folder, cache.path), PolicyError)
  folder.write({ ...allowing('one'), ...failing })
  await assert.rejects(scriptedPdp(folder, cache.path), /a_test\.rego:3:1: test_a failed/)
})

test('a start without changes records nothing', async () => {
  const before = await scriptedPdp(writtenFolder(allowing('one')), cache.path)
  await using of = await before.again()
  assert.deepEqual([of.recorded, of.pdp.files, await of.rule()], [[], 'active', 'a/one'])
})

test('a start after the files changed records these', async () => {
  const before = await scriptedPdp(writtenFolder(allowing('one')), cache.path)
  before.folder.write(allowing('two'))
  await using of = await before.again()
  assert.equal(await of.rule(), 'a/two')
  assert.deepEqual(of.recorded, [`files ${of.pdp.revision}`])
})

const unusable: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'do not compile': broken,
  'fail their tests': { ...allowing('two'), ...failing },
  'are no policies': { 'data.json': '[]' },
}

for (const [what, files] of Object.entries(unusable))
  test(`a start over files that ${what} serves what was in force`, async () => {
    const before = await scriptedPdp(writtenFolder(allowing('one')), cache.path)
    await before.pdp.close()
    before.folder.write(files)
    await using of = await before.again()
    assert.deepEqual([of.recorded, of.pdp.files, await of.rule()], [[], 'rejected', 'a/one'])
    assert.equal(of.rejected.length, 1)
    assert.equal(await of.pdp.reload(), false)
    assert.equal(of.rejected.length, 1, 'the same files are told once')
  })

test('so it does without any folder', async () => {
  const before = await scriptedPdp(writtenFolder(allowing('one')), cache.path)
  rmSync(before.folder.path, { recursive: true })
  await using of = await before.again()
  assert.deepEqual([of.pdp.files, await of.rule()], ['rejected', 'a/one'])
  assert.match(of.rejected[0] ?? '', /cannot be read: ENOENT/)
})

test('a restart does not undo what a person put in force', async () => {
  const before = await rolledBack()
  await using of = await before.again()
  assert.deepEqual([of.recorded, of.pdp.files, await of.rule()], [[], 'differ', 'a/one'])
  assert.equal(await of.pdp.reload(), true)
  assert.equal(await of.rule(), 'a/one')
})

test('a restart after the files changed ends it', async () => {
  const before = await rolledBack()
  await before.pdp.close()
  before.folder.write(allowing('three'))
  await using of = await before.again()
  assert.deepEqual([of.pdp.files, await of.rule()], ['active', 'a/three'])
})

test('so does one after the files came to say the same', async () => {
  const before = await rolledBack()
  await before.pdp.close()
  before.folder.write(allowing('one'))
  await using of = await before.again()
  assert.deepEqual(of.recorded, [`files ${of.pdp.revision}`])
  assert.equal(of.last().over, null)
})

test('sources that compile to another revision now are recorded under it, and stay over the files', async () => {
  const before = await rolledBack()
  await before.pdp.close()
  await using of = await scriptedPdp(before.folder, cache.path, { ...before.last(), revision: 'of old' })
  assert.deepEqual(of.recorded, [`again ${of.pdp.revision}`])
  assert.deepEqual([of.pdp.files, await of.rule(), of.last().over], ['differ', 'a/one', before.last().over])
})
