import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { MissingError } from '../corpus.ts'
import { compare, lineOf, type Reason } from './compare.ts'
import { runSuites } from './run.ts'
import { suites } from './suite.ts'
import type { Verdicts } from './verdict.ts'
import { leftToWhole } from '../../src/whole.ts'

const verdicts = (of: Readonly<Record<string, 'passed' | 'failed' | 'skipped'>>): Verdicts =>
  new Map(Object.entries(of).map(([name, outcome]) => [name, { outcome, why: `${name} says why` }]))

suite("drivers' own tests", { concurrency: 1 }, () => {
  test('a test that passes directly alone is a fault, unless it is listed for what it says', () => {
    const reasons: readonly Reason[] = [
      { reason: 'known', says: '^failed: .*says why', tests: { some: ['two', 'gone'], other: ['one'] } },
      { reason: 'of chance', says: '', tests: { some: ['never'] }, sometimes: true },
    ]
    const direct = verdicts({
      one: 'passed',
      'two[a]': 'passed',
      two: 'passed',
      three: 'failed',
      four: 'skipped',
    })
    const through = verdicts({ one: 'failed', 'two[a]': 'failed', two: 'skipped', three: 'failed' })
    const comparison = compare('some', direct, through, reasons)
    assert.deepEqual(
      comparison.faults.map((fault) => [fault.test, fault.reason?.reason]),
      [
        ['one', undefined],
        ['two[a]', 'known'],
        ['two', undefined],
      ],
    )
    assert.deepEqual(comparison.unused, ['gone'])
    assert.match(lineOf(comparison), /5 tests, 3 pass directly, 0 of these through, 1 listed .*, 2 FAILING/)
    assert.equal(compare('some', direct, direct, []).faults.length, 0)
    const absent = compare('some', direct, new Map(), [])
    assert.deepEqual(new Set(absent.faults.map(({ how }) => how)), new Set(['not run']))
  })

  test('what no registry has is asked for by name, and not taken for passed', async () => {
    const names = ['SLUICE_PSYCOPG', 'SLUICE_NODE_POSTGRES']
    const kept = names.map((name) => process.env[name])
    try {
      for (const name of names) delete process.env[name]
      for (const name of ['psycopg', 'pg']) {
        const found = suites.find((each) => each.name === name)
        await assert.rejects(found?.ready() ?? Promise.resolve(), MissingError)
      }
    } finally {
      names.forEach((name, at) => {
        if (kept[at] !== undefined) process.env[name] = kept[at]
      })
    }
  })

  test('pg-cursor passes through as it passes directly (slice)', { skip: leftToWhole }, async (t) => {
    const chosen = suites.filter(({ name }) => name === 'pg-cursor')
    for await (const { comparison } of runSuites(chosen)) {
      if (comparison === null) return t.skip('it cannot be had here')
      console.log(lineOf(comparison))
      assert.deepEqual(
        comparison.faults.filter(({ reason }) => reason === undefined),
        [],
      )
      assert.ok(comparison.direct > 30, `only ${comparison.direct} tests pass directly`)
    }
  })
})
