import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { matchesGlob } from 'node:path'
import { root, suites } from './suites.ts'

/** They have a command of their own, and what it is about is in the suites in short. */
const apart = ['test/console/whole/']

test('each test file is in one suite', () => {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'], {
    cwd: root,
    encoding: 'utf8',
  })
  const patterns = suites.flatMap(({ files: of = [] }) => [...of])
  for (const file of files.trim().split('\n')) {
    const within = patterns.filter((pattern) => matchesGlob(file, pattern))
    if (apart.some((folder) => file.startsWith(folder))) assert.deepEqual(within, [], file)
    else assert.equal(within.length, 1, `${file} is in ${within.length} suites: see test/runner/suites.ts`)
  }
})

test('each suite has a name of its own', () => {
  assert.equal(new Set(suites.map(({ name }) => name)).size, suites.length)
})
