import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Running } from './running.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-runner-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
function start(script: string, withinMs = 60_000): Running {
  const output = join(folder, `${count++}`, 'said.txt')
  return new Running(['sh', '-c', script], { cwd: folder, env: process.env, withinMs, output })
}

/** Resolves once no process with this id is there. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      // What has ended and was not asked about yet is there for `kill`, on a machine whose first process asks late.
      if (/^State:\s+Z/m.test(statusOf(pid))) return
      process.kill(pid, 0)
    } catch {
      return
    }
    await sleep(10)
  }
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

test('what it says on both streams is kept in the order in which it was said', async () => {
  const own = start('echo one; echo two >&2; echo three; exit 0')
  assert.equal((await own.ended).passed, true)
  assert.equal(own.said(), 'one\ntwo\nthree\n')
})

test('its exit code is the outcome, and its time is told', async () => {
  const own = start('sleep 0.2; exit 3')
  const { passed, seconds } = await own.ended
  assert.equal(passed, false)
  assert.ok(seconds >= 0.2, `${seconds} s`)
})

test('a program that is not there has failed, and says so', async () => {
  const options = { cwd: folder, env: process.env, withinMs: 60_000, output: join(folder, 'none.txt') }
  const own = new Running([join(folder, 'nothing')], options)
  assert.equal((await own.ended).passed, false)
  assert.match(own.said(), /ENOENT/)
})

test('one that does not end is stopped with all that it started, and what it said is kept', async () => {
  const own = start('sleep 600 & echo $!; wait', 300)
  assert.equal((await own.ended).passed, false)
  const [, pid = ''] = /^(\d+)\nnot at its end after \S+ minutes: it is stopped\n$/.exec(own.said()) ?? []
  await gone(Number(pid))
})

test('one that does not end may say what it was at', async () => {
  const own = start(`trap 'echo last words; exit 1' INT; sleep 600 & echo $!; wait`, 300)
  assert.equal((await own.ended).passed, false)
  const [, pid = ''] = /^(\d+)\nlast words\nnot at its end after \S+ minutes/.exec(own.said()) ?? []
  assert.notEqual(pid, '', own.said())
  await gone(Number(pid))
})

test('a signal reaches all that it started', async () => {
  const own = start('sleep 600 & echo $!; wait')
  while (!/^\d+\n$/.test(own.said())) await sleep(10)
  own.end('SIGTERM')
  assert.equal((await own.ended).passed, false)
  await gone(Number(own.said()))
})

test('what it leaves behind holds nothing up', async () => {
  const own = start('sleep 600 & echo $!')
  assert.equal((await own.ended).passed, true)
  own.end('SIGKILL')
  await gone(Number(own.said()))
})
