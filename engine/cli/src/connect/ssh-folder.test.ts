import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { scratchFolder } from '../scripted.ts'
import { openSshFolder } from './ssh-folder.ts'

/** Temporary folders are there meanwhile. */
async function within<T>(folder: string, act: () => Promise<T>): Promise<T> {
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
  try {
    return await act()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
}

test('a folder that is its owner’s, with all that a client needs, and nothing behind it', async () => {
  using scratch = scratchFolder()
  const folder = await within(scratch.path, openSshFolder)
  await folder.certify('CERTIFICATE')
  await folder.configure('shop-host', { host: '127.0.0.1', port: 6022 }, 'ssh-ed25519 HOST sluice')
  const at = (name: string): string => join(folder.path, name)
  assert.equal(statSync(folder.path).mode & 0o777, 0o700)
  assert.deepEqual(readdirSync(folder.path).toSorted(), ['config', 'key', 'key-cert.pub', 'known_hosts'])
  for (const name of readdirSync(folder.path)) assert.equal(statSync(at(name)).mode & 0o777, 0o600, name)
  assert.equal(readFileSync(at('known_hosts'), 'utf8'), 'sluice-gateway ssh-ed25519 HOST sluice\n')
  assert.equal(readFileSync(at('key-cert.pub'), 'utf8'), 'CERTIFICATE\n')
  const config = readFileSync(folder.config, 'utf8')
  assert.match(config, /^Host shop-host\n {2}HostName 127\.0\.0\.1\n {2}Port 6022\n {2}User shop-host\n/)
  assert.match(config, /StrictHostKeyChecking yes/)
  assert.match(folder.publicKey, /^ssh-ed25519 \S+ sluice connect$/)
  folder[Symbol.dispose]()
  assert.equal(existsSync(folder.path), false)
})

test('a path that a client would read in another way is refused, and nothing is left there', async () => {
  using scratch = scratchFolder()
  for (const name of ['with space', '%h', '${HOME}', "it's", '"q"']) {
    const odd = join(scratch.path, name)
    mkdirSync(odd)
    await assert.rejects(within(odd, openSshFolder), /set TMPDIR to one of plain letters/)
    assert.deepEqual(readdirSync(odd), [], name)
  }
})
