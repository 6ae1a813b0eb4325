import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { scratchFolder } from '../scripted.ts'
import { listen, socketIn } from './listener.ts'

test('a socket is its owner’s alone, and nobody else’s files are', async () => {
  using folder = scratchFolder()
  const path = socketIn(folder.path, 'postgres', 'shop')
  const before = process.umask()
  const listening = await listen(createServer(), { kind: 'socket', path })
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(process.umask(), before)
  await assert.rejects(listen(createServer(), { kind: 'socket', path }), /in use: another sluice connect/)
  await Promise.all([listening.close(), listening.close()])
})

test('what one that was killed left there is taken away, and nothing else', async () => {
  using folder = scratchFolder()
  const path = join(folder.path, 'left.sock')
  const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', program])
  assert.ok(statSync(path).isSocket())
  await (await listen(createServer(), { kind: 'socket', path })).close()
  writeFileSync(path, 'a file')
  await assert.rejects(listen(createServer(), { kind: 'socket', path }), /is no socket/)
})
