import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inTurn } from './turn.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-turn-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('several that want it have it one after another, and nothing of them is left', async () => {
  const file = join(folder, 'below', 'a.owner')
  let at = 0
  const work = async (number: number): Promise<number> => {
    assert.equal(++at, 1, 'two had it at once')
    await sleep(20)
    at--
    return number
  }
  const all = await Promise.all([1, 2, 3].map((number) => inTurn(file, () => work(number))))
  assert.deepEqual(all, [1, 2, 3])
  assert.deepEqual(readdirSync(join(folder, 'below')), [])
})

test('what fails in its turn fails, and the next one has it', async () => {
  const file = join(folder, 'b.owner')
  const failing = inTurn(file, () => Promise.reject(new Error('it cannot be had')))
  await assert.rejects(failing, /it cannot be had/)
  assert.equal(await inTurn(file, () => Promise.resolve('next')), 'next')
})

test('the turn of a process that ended is over', async () => {
  const file = join(folder, 'c.owner')
  const { pid } = spawnSync(process.execPath, ['--version'])
  writeFileSync(file, String(pid))
  assert.equal(await inTurn(file, () => Promise.resolve('next')), 'next')
})
