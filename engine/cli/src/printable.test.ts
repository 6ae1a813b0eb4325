import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { printable, printableLines } from './printable.ts'

test('nothing is obeyed, and lines stay lines where there are several', () => {
  assert.equal(printable('a\u001b[2J\n\u009b\u202eé'), 'a\\u{1b}[2J\\u{a}\\u{9b}\\u{202e}é')
  assert.equal(printableLines('one\ntwo\u001b]0;x\u0007\r\n'), 'one\ntwo\\u{1b}]0;x\\u{7}\\u{d}\n')
})

test('what goes wrong is told to people and never to their terminal', () => {
  const { stderr, status } = spawnSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(new URL('main.ts', import.meta.url)), '\u001b[2J\u009d0;x'],
    { encoding: 'utf8', env: { PATH: process.env['PATH'] } },
  )
  assert.equal(status, 2)
  assert.match(stderr, /\\u\{1b\}\[2J\\u\{9d\}0;x/)
  assert.doesNotMatch(stderr.replaceAll('\n', ''), /\p{Cc}/u)
})
