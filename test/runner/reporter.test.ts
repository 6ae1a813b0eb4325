import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const folder = mkdtempSync(join(tmpdir(), 'sluice-reporter-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const reporter = new URL('reporter.ts', import.meta.url).href
// A runner in a test of a runner would take itself for a part of it.
const { NODE_TEST_CONTEXT: _, ...env } = process.env

function started(...scripts: readonly string[]): ChildProcess {
  const files = scripts.map((script, at) => {
    const file = join(folder, `${at}.test.mjs`)
    writeFileSync(file, `import { suite, test } from 'node:test'\n${script}`)
    return file
  })
  const options = ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2']
  return spawn(process.execPath, [...options, `--test-reporter=${reporter}`, ...files], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** What is said of a file of tests in which this stands. */
async function said(script: string): Promise<string> {
  const { stdout } = started(script)
  assert.ok(stdout !== null)
  return text(stdout)
}

test('what passes is a dot, suites and files too', async () => {
  const script = "test('a', () => {}); suite('s', () => { test('b', () => {}) })"
  assert.equal(await said(script), '....\n')
})

test('what fails is told once, with its name, its file and its error', async () => {
  const script = "suite('s', () => { test('the wrong one', () => { throw new Error('it is wrong') }) })"
  const told = await said(script)
  assert.match(told, /^\n✖ the wrong one \(.*0\.test\.mjs\)\nError: it is wrong\n +at /)
  assert.equal(told.split('✖').length, 2)
})

test('a file that cannot be read is told', async () => {
  assert.match(await said("import './nothing.mjs'"), /✖ .*0\.test\.mjs/)
})

test('what fails is told while others are not at their end', { timeout: 60_000 }, async () => {
  const waits = "test('waits', () => new Promise((resolve) => setTimeout(resolve, 600_000)))"
  const runner = started(waits, "test('fails', () => { throw new Error('x') })")
  let told = ''
  assert.ok(runner.stdout !== null)
  for await (const bytes of runner.stdout) if ((told += String(bytes)).includes('✖ fails')) break
  runner.kill()
  assert.match(told, /✖ fails/)
})
