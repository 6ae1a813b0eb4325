import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'
import { buildCompiler, sha256 } from './compiler.ts'
import { compilerArtefact, compilerDigest } from './index.ts'

const digest = readFileSync(compilerDigest, 'utf8')

test('the artefact is the module that its digest names', () => {
  assert.match(digest, /^[0-9a-f]{64}\n$/)
  assert.equal(`${sha256(brotliDecompressSync(readFileSync(compilerArtefact)))}\n`, digest)
})

/** Why the compiler cannot be built here; false when it can. */
function obstacle(): string | false {
  const cwd = fileURLToPath(new URL('../compiler/', import.meta.url))
  const go = (...args: readonly string[]): number | null =>
    spawnSync('go', args, { cwd, env: { ...process.env, GOTOOLCHAIN: toolchain() }, timeout: 120_000 }).status
  if (spawnSync('go', ['version'], { cwd }).error !== undefined) return 'Go is not installed'
  if (go('version') !== 0) return `${toolchain()} is not installed and cannot be downloaded`
  if (go('mod', 'download') !== 0) return 'the Go modules are not here and cannot be downloaded'
  return false
}

/** The one that `build.sh` pins. */
function toolchain(): string {
  const script = readFileSync(new URL('../compiler/build.sh', import.meta.url), 'utf8')
  return /GOTOOLCHAIN=(\S+)/.exec(script)?.[1] ?? ''
}

test('the artefact is what its sources give', { skip: obstacle(), timeout: 900_000 }, () => {
  assert.equal(`${sha256(buildCompiler())}\n`, digest)
})
