import { test } from 'node:test'
import assert from 'node:assert/strict'
import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '@sluice/core'
import { openBundle } from './bundle.ts'
import type { Build, Sources } from './compiler.ts'
import { finding, PolicyError } from './diagnostic.ts'
import { writtenFolder } from './written-folder.ts'

const wasm = Buffer.from('a module\nwith a line end')
const sources: Sources = { files: { 'a.rego': 'package a', 'b.rego': 'package b' }, data: { x: 1 } }

/** Counts what is compiled, and says what it was. */
function counting(): { readonly build: (sources: Sources) => Promise<Build>; readonly count: () => number } {
  let count = 0
  return {
    build: async () => {
      count++
      return { wasm, reads: [['action', 'name']], version: '1' }
    },
    count: () => count,
  }
}

test('what is compiled once is found again', async () => {
  using cache = writtenFolder({})
  const { build, count } = counting()
  const first = await openBundle(sources, cache.path, { build })
  const second = await openBundle(sources, cache.path, { build })
  assert.equal(count(), 1)
  assert.deepEqual(second, first)
  assert.deepEqual(Buffer.from(second.wasm), wasm)
  assert.deepEqual(second.reads, [['action', 'name']])
})

test('without a cache it is compiled each time, unless it is known', async () => {
  const { build, count } = counting()
  const known = await openBundle(sources, null, { build })
  await openBundle(sources, null, { build })
  assert.equal(count(), 2)
  assert.equal(await openBundle(sources, null, { build, known }), known)
  assert.equal(count(), 2)
})

test('the revision is of everything that decides, and of nothing else', async () => {
  const { build } = counting()
  const revision = async (changed: Partial<Sources>): Promise<string> =>
    (await openBundle({ ...sources, ...changed }, null, { build })).revision
  const same = await revision({})
  assert.match(same, /^[0-9a-f]{32}$/)
  assert.equal(await revision({ files: { 'b.rego': 'package b', 'a.rego': 'package a' } }), same)
  assert.equal(await revision({ files: { ...sources.files, 'a_test.rego': 'package a_test' } }), same)
  const others = await Promise.all([
    revision({ files: { ...sources.files, 'a.rego': 'package a # changed' } }),
    revision({ files: { 'c.rego': 'package a', 'b.rego': 'package b' } }),
    revision({ files: { 'a.rego': 'package a' } }),
    revision({ data: { x: 2 } }),
    revision({ data: {} }),
  ])
  assert.equal(new Set([same, ...others]).size, others.length + 1)
})

test('a bundle says what it was compiled from', async () => {
  const { files, data } = await openBundle(
    { ...sources, files: { ...sources.files, 'a_test.rego': 'package a_test' } },
    null,
    counting(),
  )
  assert.deepEqual(Object.keys(files), [
    'a.rego',
    'b.rego',
    'data.json',
    'sluice/decision.rego',
    'sluice/sql.rego',
  ])
  assert.equal(data, '{"x":1}')
})

const damages: readonly (readonly [what: string, damage: (file: string) => void])[] = [
  ['cut', (file) => truncateSync(file, readFileSync(file).length - 3)],
  ['emptied', (file) => truncateSync(file, 0)],
  [
    'changed in its module',
    (file) => writeFileSync(file, readFileSync(file, 'latin1').replace('module', 'nodule')),
  ],
  [
    'changed in its reads',
    (file) => writeFileSync(file, readFileSync(file, 'latin1').replace('action', 'client')),
  ],
]
for (const [what, damage] of damages)
  test(`a kept build that was ${what} is compiled anew`, async () => {
    using cache = writtenFolder({})
    const { build, count } = counting()
    await openBundle(sources, cache.path, { build })
    const [file = ''] = readdirSync(cache.path)
    damage(join(cache.path, file))
    const { reads } = await openBundle(sources, cache.path, { build })
    assert.deepEqual(reads, [['action', 'name']])
    assert.equal(count(), 2)
    await openBundle(sources, cache.path, { build })
    assert.equal(count(), 2)
  })

test('the build of one revision does not pass for that of another', async () => {
  using cache = writtenFolder({})
  const { build, count } = counting()
  const { revision } = await openBundle(sources, cache.path, { build })
  const other = await openBundle({ ...sources, data: { x: 2 } }, null, { build })
  copyFileSync(join(cache.path, `${revision}.policy`), join(cache.path, `${other.revision}.policy`))
  await openBundle({ ...sources, data: { x: 2 } }, cache.path, { build })
  assert.equal(count(), 3)
})

test('the newest builds stay, and gateways may share the folder', async () => {
  using cache = writtenFolder({})
  const { build } = counting()
  const opened = Array.from({ length: limits.policyBuildsMax + 10 }, (_, n) =>
    openBundle({ ...sources, data: { x: n } }, cache.path, { build }),
  )
  await Promise.all(opened)
  const { revision } = await openBundle({ ...sources, data: { x: 'last' } }, cache.path, { build })
  const kept = readdirSync(cache.path)
  assert.equal(kept.length, limits.policyBuildsMax)
  assert.ok(kept.includes(`${revision}.policy`))
})

test('what does not compile is not kept', async () => {
  using cache = writtenFolder({})
  const build = (): Promise<Build> => Promise.reject(new PolicyError([finding('x', 'a.rego', 'wrong')]))
  await assert.rejects(openBundle(sources, cache.path, { build }), PolicyError)
  assert.deepEqual(readdirSync(cache.path), [])
})
