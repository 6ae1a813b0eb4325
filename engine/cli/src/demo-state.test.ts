import { test } from 'node:test'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Unreachable } from './command.ts'
import { dataFolder, demoState, demoStateFile, demoToken } from './demo-state.ts'
import { leaveDemo, nobody, scratchFolder } from './scripted.ts'

test('the data folder is .sluice here, or where SLUICE_DATA says', () => {
  assert.equal(dataFolder({}), resolve('.sluice'))
  assert.equal(dataFolder({ SLUICE_DATA: '/srv/sluice' }), '/srv/sluice')
})

test('no demo is no error, a broken file is one', async () => {
  using data = scratchFolder()
  const env = { SLUICE_DATA: data.path }
  assert.equal(await demoState(env), null)
  writeFileSync(demoStateFile(data.path), '{"api":')
  await assert.rejects(demoState(env), /JSON/)
})

test('a subject that does not exist is answered with those that do', async () => {
  using data = scratchFolder()
  leaveDemo(data.path, nobody, ['alice', 'bob'])
  const demo = await demoState({ SLUICE_DATA: data.path })
  assert.ok(demo)
  await assert.rejects(demoToken(demo, 'mallory'), /no subject "mallory", only alice, bob/)
  await assert.rejects(demoToken(demo, 'constructor'), /no subject "constructor"/)
  await assert.rejects(demoToken(demo, 'alice'), Unreachable, 'left over by a demo that runs no more')
})
