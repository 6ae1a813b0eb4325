import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Position } from '@sluice/core'
import {
  readCheckpoint,
  readCheckpoints,
  tidyCheckpoints,
  writeCheckpoint,
  type Checkpoint,
} from './checkpoint.ts'

function scratch(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'sluice-notices-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const checkpoint: Checkpoint = {
  position: 'at/7' as Position,
  from: null,
  since: 5,
  trouble: { since: 6, reason: 'it answered 500', attempts: 2 },
}

test('what is written is read again, by its owner only', async () => {
  using folder = scratch()
  await tidyCheckpoints(folder.path, ['oncall'])
  assert.equal(await readCheckpoint(folder.path, 'oncall'), undefined)
  await writeCheckpoint(folder.path, 'oncall', checkpoint)
  assert.deepEqual(await readCheckpoint(folder.path, 'oncall'), checkpoint)
  assert.deepEqual(readdirSync(folder.path), ['oncall.json'])
  assert.equal(statSync(join(folder.path, 'oncall.json')).mode & 0o777, 0o600)
})

for (const broken of ['', '{', 'null', '[]', '{"position":7,"from":null,"since":1,"trouble":null}'])
  test(`${JSON.stringify(broken)} is no checkpoint`, async () => {
    using folder = scratch()
    writeFileSync(join(folder.path, 'oncall.json'), broken)
    await assert.rejects(readCheckpoint(folder.path, 'oncall'))
    assert.deepEqual([...(await readCheckpoints(folder.path))], [['oncall', 'unreadable']])
  })

test('a destination that is configured no more is forgotten', async () => {
  using folder = scratch()
  for (const name of ['old', 'oncall']) await writeCheckpoint(folder.path, name, checkpoint)
  await tidyCheckpoints(folder.path, ['oncall'])
  assert.deepEqual([...(await readCheckpoints(folder.path)).keys()], ['oncall'])
})

test('where nothing was ever served there is nothing', async () => {
  assert.equal((await readCheckpoints(join(tmpdir(), 'sluice-nowhere'))).size, 0)
})
