import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits, systemClock } from '@sluice/core'
import { watchFolder } from './reload.ts'
import { writtenFolder } from './written-folder.ts'

interface Watched extends Disposable {
  readonly calls: () => number
  /** Resolves once it was called once more since the last time. */
  next(): Promise<void>
}

/** Its first call, which says nothing of a change, is over. */
async function watched(folder: string): Promise<Watched> {
  let calls = 0
  let seen = 0
  const watching = watchFolder(folder, systemClock, () => calls++)
  const next = async (): Promise<void> => {
    while (calls === seen) await sleep(5)
    seen = calls
  }
  await next()
  return { calls: () => calls, next, [Symbol.dispose]: () => watching[Symbol.dispose]() }
}

test('every way in which a file changes is seen, one after another', async () => {
  using folder = writtenFolder({ 'a.rego': '1' })
  using watching = await watched(folder.path)
  const at = (name: string): string => join(folder.path, name)
  const changes: readonly (() => void)[] = [
    () => writeFileSync(at('a.rego'), '2'),
    () => {
      // As most editors save: the file is another one afterwards.
      writeFileSync(at('a.rego~'), '3')
      renameSync(at('a.rego~'), at('a.rego'))
    },
    () => writeFileSync(at('a.rego'), '4'),
    () => mkdirSync(at('deep/er'), { recursive: true }),
    () => writeFileSync(at('deep/er/b.rego'), '1'),
    () => writeFileSync(at('deep/er/b.rego'), '2'),
    () => rmSync(at('deep'), { recursive: true }),
  ]
  for (const change of changes) {
    change()
    await watching.next()
  }
})

test('a mount of Kubernetes, which changes by one symbolic link', async () => {
  using folder = writtenFolder({ '..1/a.rego': '1', '..2/a.rego': '2' })
  const at = (name: string): string => join(folder.path, name)
  symlinkSync('..1', at('..data'))
  symlinkSync('..data/a.rego', at('a.rego'))
  using watching = await watched(folder.path)
  symlinkSync('..2', at('..data_tmp'))
  renameSync(at('..data_tmp'), at('..data'))
  await watching.next()
})

test('a folder that another one replaces, and one that comes back', async () => {
  using parent = writtenFolder({ 'now/a.rego': '1', 'new/a.rego': '1' })
  const at = (name: string): string => join(parent.path, name)
  using watching = await watched(at('now'))
  renameSync(at('now'), at('old'))
  renameSync(at('new'), at('now'))
  await watching.next()
  writeFileSync(at('now/a.rego'), '2')
  await watching.next()
  rmSync(at('now'), { recursive: true })
  await watching.next()
  mkdirSync(at('now'))
  writeFileSync(at('now/a.rego'), '3')
  await watching.next()
})

test('while it goes on changing nothing is said; then it is said once', async () => {
  using folder = writtenFolder({ 'a.rego': '' })
  using watching = await watched(folder.path)
  const before = watching.calls()
  for (let text = 'x'; text.length < 20; text += 'x') {
    writeFileSync(join(folder.path, 'a.rego'), text)
    await sleep(limits.policySettleMs / 4)
  }
  assert.equal(watching.calls(), before)
  await watching.next()
  await sleep(2 * limits.policyLookMs)
  assert.equal(watching.calls(), before + 1)
})

test('a file that is emptied and written a little later is one change', async () => {
  using folder = writtenFolder({ 'a.rego': '1' })
  using watching = await watched(folder.path)
  const before = watching.calls()
  folder.write({ 'a.rego': '' })
  await sleep(3 * limits.policySettleMs)
  assert.equal(watching.calls(), before)
  folder.write({ 'a.rego': '2' })
  await watching.next()
  await sleep(2 * limits.policyLookMs)
  assert.equal(watching.calls(), before + 1)
})

test('nothing is said after the end', async () => {
  using folder = writtenFolder({ 'a.rego': '1' })
  const watching = await watched(folder.path)
  const before = watching.calls()
  folder.write({ 'a.rego': '2' })
  watching[Symbol.dispose]()
  await sleep(2 * limits.policyLookMs)
  assert.equal(watching.calls(), before)
})
