import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock } from '@sluice/core'
import { accept } from './accept.ts'
import { PolicyError } from './diagnostic.ts'
import { readFiles } from './folder.ts'
import { allowing } from './scripted-pdp.ts'
import { SpareThreads } from './spare-threads.ts'
import { WarmCompiler } from './warm-compiler.ts'
import { writtenFolder } from './written-folder.ts'

const cache = writtenFolder({})
const compiler = new WarmCompiler(cache.path, systemClock)
const tester = new WarmCompiler(cache.path, systemClock)
const spares = new SpareThreads()
after(async () => {
  await compiler[Symbol.asyncDispose]()
  await tester[Symbol.asyncDispose]()
  await spares[Symbol.asyncDispose]()
  cache[Symbol.dispose]()
})

async function judged(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  using folder = writtenFolder(files)
  const ports = { compiler, tester, spares, cache: cache.path, clock: systemClock, faulted: () => {} }
  try {
    const engine = await accept(await readFiles(folder.path), folder.path, ports)
    await engine.close()
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.diagnostics.map(
      ({ file, row, col, message }) => `${file}:${row}:${col}: ${message.replaceAll('\n', ' | ')}`,
    )
  }
}

const passing = `package a_test

import data.sluice.rules.a

test_reads if count(a.allow) == 1 with input as {"action": {"kind": "select"}}
`
const cases = `cases:
  - name: a read
    input: { action: { kind: select } }
    expect: { effect: allow, rules: [a/one] }
  - name: a drop
    input: { action: { kind: drop_table } }
    expect: { effect: deny }
`
const good = { ...allowing('one'), 'a_test.rego': passing, 'a.cases.yaml': cases }

const tried: readonly (readonly [string, Readonly<Record<string, string>>, readonly RegExp[]])[] = [
  ['what passes', good, []],
  [
    'a mistake',
    { ...good, 'a.rego': 'package sluice.rules.a\n\nallow contains {"rule": input.action.knid}\n' },
    [/^a\.rego:3:25: undefined ref: input\.action\.knid, did you mean kind\? \|/],
  ],
  [
    'an unknown function',
    { ...good, 'a.rego': 'package sluice.rules.a\n\nallow contains {"rule": "x"} if startwith("a", "b")\n' },
    [/^a\.rego:3:33: undefined function startwith, did you mean startswith\?$/],
  ],
  [
    'a mistake in a test',
    { ...good, 'a_test.rego': passing.replace('count(', 'cuont(') },
    [/^a_test\.rego:5:15: undefined function cuont, did you mean count\?$/],
  ],
  [
    'a test that fails, and one that throws',
    {
      ...good,
      'a_test.rego': `${passing}\ntest_no if {\n\tprint("seen")\n\tfalse\n}\n\ntest_bad if to_number("x")\n`,
    },
    [/^a_test\.rego:7:1: test_no failed \| seen$/, /^a_test\.rego:12:1: test_bad errored \|/],
  ],
  [
    'cases that are judged otherwise',
    { ...good, 'a.cases.yaml': cases.replace('effect: deny', 'effect: allow').replace('a/one', 'a/two') },
    [
      /^a\.cases\.yaml:2:1: a read failed \| rules: expected a\/two, got a\/one$/,
      /^a\.cases\.yaml:5:1: a drop failed \| effect: expected allow, got deny/,
    ],
  ],
  ['a table that is none', { ...good, 'a.cases.yaml': 'cases: 1' }, [/^a\.cases\.yaml:0:0: a table has/]],
  [
    'what throws for everybody',
    {
      'a.rego':
        'package sluice.rules.a\n\ndeny contains {"rule": x}\n\nx := 1 if input.version\n\nx := 2 if input.version\n',
    },
    [/conflict/],
  ],
]

for (const [what, files, expected] of tried)
  test(`${what} gives ${expected.length} findings`, async () => {
    const found = await judged(files)
    assert.equal(found.length, expected.length, found.join('\n'))
    for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? '', pattern)
  })
