import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { root, suites } from './suites.ts'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')

/** They have a command of their own, and what it is about is in the suites in short. */
const apart = ['test/console/whole/']

test('each test file is in one suite', () => {
  const patterns = suites.flatMap(({ files: of = [] }) => [...of])
  for (const file of files) {
    const within = patterns.filter((pattern) => matchesGlob(file, pattern))
    if (apart.some((folder) => file.startsWith(folder))) assert.deepEqual(within, [], file)
    else assert.equal(within.length, 1, `${file} is in ${within.length} suites: see test/runner/suites.ts`)
  }
})

test('each suite has a name of its own', () => {
  assert.equal(new Set(suites.map(({ name }) => name)).size, suites.length)
})

test('what is done before and after each test of a file is done for no other file', () => {
  const together = suites.filter((suite) => suite.together === true).flatMap(({ files: of = [] }) => [...of])
  for (const file of files.filter((name) => together.some((pattern) => matchesGlob(name, pattern))))
    assert.doesNotMatch(
      readFileSync(`${root}${file}`, 'utf8'),
      /^(before|after)Each\(/m,
      `${file} shares a process with others: put its beforeEach and afterEach into a suite`,
    )
})
