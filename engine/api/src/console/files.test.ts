import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { scriptedApi } from '../scripted.ts'
import { readConsole } from './files.ts'
import { scriptedConsole } from './scripted.ts'

async function built(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-console-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
  await writeFile(join(folder, 'assets/index-1a.js'), 'export {}\n'.repeat(1_000))
  await writeFile(join(folder, 'assets/index-1a.js.map'), '{}')
  await writeFile(join(folder, 'assets/face-2b.woff2'), 'wOF2')
  await symlink('/etc/hostname', join(folder, 'assets/host.txt'))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

test('what was built is read once, compressed where that helps', async () => {
  await using made = await built()
  const files = await readConsole(made.folder)
  assert.deepEqual([...(files?.keys() ?? [])].toSorted(), [
    '/assets/face-2b.woff2',
    '/assets/index-1a.js',
    '/index.html',
  ])
  const script = files?.get('/assets/index-1a.js')
  const { identity, br = identity, gzip = identity } = script?.bytes ?? { identity: Buffer.alloc(0) }
  assert.deepEqual(brotliDecompressSync(br), identity)
  assert.deepEqual(gunzipSync(gzip), identity)
  assert.ok(br.length < identity.length / 10)
  assert.equal(files?.get('/assets/face-2b.woff2')?.bytes.br, undefined)
})

test('a browser gets the best that it takes', async () => {
  await using made = await built()
  const { app } = scriptedApi({ console: scriptedConsole({ files: await readConsole(made.folder) }) })
  const coding = async (accepted: string): Promise<unknown> => {
    const answer = await app.inject({ url: '/assets/index-1a.js', headers: { 'accept-encoding': accepted } })
    assert.equal(answer.headers['vary'], 'accept-encoding')
    return answer.headers['content-encoding']
  }
  assert.equal(await coding('gzip, deflate, br, zstd'), 'br')
  assert.equal(await coding('gzip;q=1.0, br;q=0'), 'gzip')
  assert.equal(await coding('identity'), undefined)
  assert.equal(await coding('broken'), undefined)
})

test('a folder that is not there, or has no page, is no console', async () => {
  assert.equal(await readConsole('/nowhere/at/all'), null)
  await using made = await built()
  assert.equal(await readConsole(join(made.folder, 'assets')), null)
})
