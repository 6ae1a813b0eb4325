import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { DemoSubject } from '@sluice/demo'
import type { PolicyName, SqlAttack, SqlCase } from './case.ts'
import { approvalScenarios } from './cases/approvals.ts'
import { holdScenarios } from './cases/holds.ts'
import { maskingCases } from './cases/masking.ts'
import { scenarios as stories, slowScenarios } from './cases/scenarios.ts'
import { sqlCases } from './cases/sql.ts'
import { wireCases } from './cases/wire.ts'
import { due } from './due.ts'
import { elsewhere as onTheLog } from './elsewhere.ts'
import { elsewhereOfConsole } from './elsewhere-console.ts'
import { elsewhereOfSsh } from './elsewhere-ssh.ts'
import { elsewhereOfTokens } from './elsewhere-tokens.ts'
import { judgedAgain } from './judged-again.ts'
import { Laboratory } from './laboratory.ts'
import { attackPlain, attackThrough, type Protocol } from './run-sql.ts'
import { wirePlain, wireThrough } from './run-wire.ts'

const elsewhere = [...onTheLog, ...elsewhereOfTokens, ...elsewhereOfSsh, ...elsewhereOfConsole]
const scenarios = [...stories, ...holdScenarios, ...approvalScenarios]
const sql = [...sqlCases, ...maskingCases]
const all = [...sql, ...wireCases, ...scenarios, ...slowScenarios]

suite('the catalogue', () => {
  test('has a case for every number that is due', () => {
    const present = new Set([...all, ...elsewhere].map(({ id }) => id))
    assert.deepEqual(
      due.filter((id) => !present.has(id)),
      [],
      'a number that is due is missing',
    )
  })

  test('has the cases that are elsewhere where it says that they are', async () => {
    for (const { id, stake, tests } of elsewhere) {
      assert.ok(stake.length > 10 && tests.length > 0, id)
      for (const [file, name] of tests) {
        const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
        assert.ok(text.includes(name), `${id}: ${file} has no test "${name}"`)
      }
    }
  })

  test('tells each case apart and what is at stake', () => {
    const titles = all.map(({ id, title }) => `${id} ${title}`)
    assert.equal(new Set(titles).size, titles.length, 'two cases have the same name')
    for (const { id, stake } of all) assert.ok(stake.length > 10, `${id} does not say what is at stake`)
    for (const { id, attacks } of [...sql, ...wireCases]) assert.ok(attacks.length > 0, `${id} has no attack`)
  })

  test('shows nearly every attack on the plain server', () => {
    const attacks = [...sql, ...wireCases].flatMap((each) => [...each.attacks])
    const shown = attacks.filter(({ shows }) => shows.kind !== 'cannotShow')
    assert.ok(shown.length > 400, `only ${shown.length} of ${attacks.length} are shown`)
  })
})

let lab: Laboratory
before(async () => {
  lab = await Laboratory.open()
})
after(() => lab.close())

suite('on the plain server each attack succeeds', () => {
  for (const { id, title, attacks } of sql)
    test(`${id} ${title}`, () => eachOf(attacks, nameOf, (attack) => attackPlain(attack, lab)))
  for (const { id, title, attacks } of wireCases)
    test(`${id} ${title}`, () =>
      eachOf(
        attacks,
        ({ name }) => name,
        (attack) => wirePlain(attack, lab),
      ))
  for (const { id, title, plain } of scenarios)
    if (typeof plain === 'function') test(`${id} ${title}`, () => plain(lab))
})

suite('through Sluice it is refused or masked', () => {
  let slow: readonly Promise<unknown>[] = []
  before(async () => {
    const guard = await lab.guard('starter')
    slow = slowScenarios.map(({ through }) => through(lab, guard).catch((error: unknown) => error))
  })

  for (const policy of ['starter', 'open'] as const)
    for (const each of sql) {
      const tries = triesOf(each, policy)
      if (tries.length === 0) continue
      test(`${each.id} ${each.title} (${policy} policy)`, async () => {
        const guard = await lab.guard(policy)
        await eachOf(tries, nameOfTry, ({ attack, subject, protocol }) =>
          attackThrough(attack, lab, guard, subject, protocol),
        )
      })
    }
  for (const { id, title, attacks } of wireCases)
    test(`${id} ${title}`, async () => {
      const guard = await lab.guard('starter')
      await eachOf(
        attacks,
        ({ name }) => name,
        (attack) => wireThrough(attack, lab, guard),
      )
    })
  for (const { id, title, through } of scenarios)
    test(`${id} ${title}`, async () => through(lab, await lab.guard('starter')))
  for (const [index, { id, title }] of slowScenarios.entries())
    test(`${id} ${title}`, async () => {
      const error = await slow[index]
      if (error !== undefined) throw error
    })
})

/** Everything that the catalogue tried is in the log: whoever reads it must come to the answers that were given. */
suite('judged again from the log by the same policies', () => {
  for (const policy of ['starter', 'open'] as const)
    test(`it comes to the same answers (${policy} policy)`, async () => {
      const { gateway } = await lab.guard(policy)
      const report = await judgedAgain(await gateway.events())
      assert.ok(report.decisions > 200, `only ${report.decisions} decisions`)
      assert.equal(report.sameRevision, report.decisions)
      assert.deepEqual([report.changed, report.groups, report.faults, report.incomplete], [0, [], {}, 0])
    })
})

interface Try {
  readonly attack: SqlAttack
  readonly subject: DemoSubject
  readonly protocol: Protocol
}

/** One subject by both protocols, the others by one; under the open policy everybody is the same. */
function triesOf(each: SqlCase, policy: PolicyName): readonly Try[] {
  return each.attacks
    .filter((attack) => (attack.policies ?? each.policies ?? ['starter', 'open']).includes(policy))
    .flatMap((attack) => {
      const subjects = attack.as ?? each.as ?? ['langchain-reporting']
      const [first, ...others] = subjects.slice(0, policy === 'open' ? 1 : undefined)
      const protocol = attack.only ?? 'simple'
      const tries = others.map((subject): Try => ({ attack, subject, protocol }))
      if (first === undefined) return tries
      const second: readonly Try[] =
        attack.only === undefined ? [{ attack, subject: first, protocol: 'extended' }] : []
      return [{ attack, subject: first, protocol }, ...second, ...tries]
    })
}

function nameOf({ sql }: SqlAttack): string {
  const texts = Array.isArray(sql) ? sql : [sql]
  return texts
    .map((text) => (typeof text === 'function' ? 'SQL that names the server' : text.slice(0, 160)))
    .join(' ⏎ ')
}

function nameOfTry({ attack, subject, protocol }: Try): string {
  return `${nameOf(attack)} (${subject}, ${protocol})`
}

/** All of them, so that one that fails does not hide another. */
async function eachOf<T>(
  items: readonly T[],
  name: (item: T) => string,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: string[] = []
  for (const item of items) {
    try {
      await work(item)
    } catch (error) {
      failures.push(`${name(item)}\n${error instanceof Error ? error.message : String(error)}`)
    }
  }
  assert.equal(
    failures.length,
    0,
    `${failures.length} of ${items.length} attacks:\n\n${failures.join('\n\n')}`,
  )
}
