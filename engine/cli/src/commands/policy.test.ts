import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ran, scratchFolder, type Ended } from '../scripted.ts'

/** One cache for all, as one data folder has: compilers are unpacked once. */
const shared = scratchFolder()
after(() => shared[Symbol.dispose]())
const folder = join(shared.path, 'policies-of-mine')

const good = `package sluice.rules.mine

allow contains {"rule": "mine/read"} if {
	input.action.read_only
}

mask contains {"relation": "public.people", "column": "iban", "method": "last4", "rule": "mine/iban"} if {
	not "pii-readers" in input.subject.groups
}
`
const goodTest = `package mine_test

import data.sluice.rules.mine

test_reads if mine.allow with input as {"action": {"read_only": true}}
`
const goodCases = `cases:
  - name: a read
    input: { action: { read_only: true } }
    expect: { effect: allow }
`

/** Runs a sub-command on a folder that holds exactly these files. */
function on(
  files: Readonly<Record<string, string>>,
  args: readonly string[],
  more: readonly string[] = [],
): Promise<Ended> {
  rmSync(folder, { recursive: true, force: true })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return ran(['policy', ...args, folder, ...more], { SLUICE_DATA: join(shared.path, 'data') })
}

/** Progress on the error stream depends on how busy the machine is. */
function outcome({ code, out }: Ended): readonly unknown[] {
  return [code, out]
}

function objects({ out }: Ended): readonly Record<string, unknown>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

suite('policy check', () => {
  test('says ok, and nothing as JSON', async () => {
    const files = { 'mine.rego': good, 'mine_test.rego': goodTest, 'mine.cases.yaml': goodCases }
    assert.deepEqual(outcome(await on(files, ['check'])), [0, `${folder}: ok\n`])
    assert.deepEqual(outcome(await on(files, ['check', '--json'])), [0, ''])
  })

  test('names file, row and column of each error, also of a test', async () => {
    const files = {
      'mine.rego': good.replace('input.action.read_only', 'input.action.read_onyl'),
      'sub/broken.rego': 'package x\n\np if {\n',
    }
    const { code, out } = await on(files, ['check'])
    assert.equal(code, 1)
    assert.match(out, new RegExp(`^${folder}/sub/broken\\.rego:\\d+:\\d+: \\S`, 'm'))
    const typo = await on({ 'mine.rego': files['mine.rego'] }, ['check', '--json'])
    assert.equal(typo.code, 1)
    const [found] = objects(typo)
    assert.deepEqual([found?.['file'], found?.['row'], found?.['col']], [join(folder, 'mine.rego'), 4, 2])
    assert.match(String(found?.['message']), /read_onyl/)
    const inTest = await on({ 'mine.rego': good, 'mine_test.rego': 'package t\n\ntest_a if nope(1)\n' }, [
      'check',
    ])
    assert.match(inTest.out, /mine_test\.rego:3:11: .*nope/)
  })

  test('refuses a built-in that does not exist in WebAssembly', async () => {
    const calling = good.replace(
      'input.action.read_only',
      'http.send({"method": "get", "url": "https://x.example"})',
    )
    const { code, out } = await on({ 'mine.rego': calling }, ['check'])
    assert.equal(code, 1)
    assert.match(out, /mine\.rego:4:2: .*http\.send/)
  })

  test('a table that is wrong is a finding too', async () => {
    const { code, out } = await on({ 'mine.rego': good, 'a.cases.yaml': 'cases:\n  - nam: x\n' }, ['check'])
    assert.equal(code, 1)
    assert.match(out, /a\.cases\.yaml:2:1: /)
  })

  test('a folder that is not there, or holds no policy, is named', async () => {
    const { code, out } = await ran(['policy', 'check', '/nowhere/policies'], { SLUICE_DATA: shared.path })
    assert.equal(code, 1)
    assert.match(out, /^\/nowhere\/policies: .*cannot be read: ENOENT/)
    assert.match((await on({ 'readme.md': '' }, ['check'])).out, /there is no \.rego file/)
  })

  test('works where nothing can be written', async () => {
    await on({ 'mine.rego': good }, ['check'])
    const file = join(folder, 'mine.rego')
    const ended = await ran(['policy', 'check', folder], { SLUICE_DATA: join(file, 'below-a-file') })
    assert.deepEqual(outcome(ended), [0, `${folder}: ok\n`])
  })
})

suite('policy fmt', () => {
  const ugly = good.replace('\tinput.action.read_only', '  input.action.read_only')

  test('--check names what is not formatted and leaves it', async () => {
    const { code, out } = await on({ 'mine.rego': ugly, 'sub/fine.rego': 'package fine\n' }, [
      'fmt',
      '--check',
    ])
    assert.deepEqual([code, out], [1, `${folder}/mine.rego: not formatted\n`])
    assert.equal(readFileSync(join(folder, 'mine.rego'), 'utf8'), ugly)
  })

  test('writes, names what it wrote, and is then content', async () => {
    const files = { 'mine.rego': ugly }
    const line = `${JSON.stringify({ file: join(folder, 'mine.rego'), written: true })}\n`
    assert.deepEqual(outcome(await on(files, ['fmt', '--json'])), [0, line])
    const formatted = readFileSync(join(folder, 'mine.rego'), 'utf8')
    assert.equal(formatted, good)
    assert.deepEqual(outcome(await on({ 'mine.rego': formatted }, ['fmt', '--check'])), [0, ''])
  })

  test('writes nothing when a file cannot be parsed', async () => {
    const { code, out } = await on({ 'mine.rego': ugly, 'broken.rego': 'package\n' }, ['fmt'])
    assert.equal(code, 1)
    assert.match(out, /broken\.rego:\d+:\d+: /)
    assert.equal(readFileSync(join(folder, 'mine.rego'), 'utf8'), ugly)
  })
})

suite('policy test', () => {
  const files = { 'mine.rego': good, 'mine_test.rego': goodTest, 'mine.cases.yaml': goodCases }

  test('shows tests, cases and coverage', async () => {
    const { code, out } = await on(files, ['test'])
    assert.equal(code, 0)
    assert.match(out, /mine_test\.rego\n {2}ok {4}test_reads\n/)
    assert.match(out, /mine\.cases\.yaml\n {2}ok {4}a read\n/)
    assert.match(out, /coverage\n.* %  .*mine\.rego/)
    assert.match(out, /PASSED 1 tests and 1 cases, revision [0-9a-f]{12}\n$/)
  })

  test('the same as one object per line', async () => {
    const lines = objects(await on(files, ['test', '--json']))
    const of = (kind: string): readonly unknown[] =>
      lines
        .filter((line) => line['kind'] === kind)
        .map((line) => line['outcome'] ?? line['passed'] ?? line['file'])
    assert.deepEqual([of('test'), of('case'), of('summary')], [['passed'], ['passed'], [true]])
    assert.ok(of('coverage').includes(join(folder, 'mine.rego')))
  })

  test('a failing test and a failing case are shown with their place, and the code is 1', async () => {
    const failing = {
      'mine.rego': good,
      'mine_test.rego': `${goodTest}\ntest_fails if {\n\tprint("seen")\n\tfalse\n}\n`,
      'mine.cases.yaml': goodCases.replace('effect: allow', 'effect: deny'),
    }
    const { code, out } = await on(failing, ['test'])
    assert.equal(code, 1)
    assert.match(out, /FAIL {2}test_fails {2}\(.*mine_test\.rego:7, failed\)\n {10}seen\n/)
    assert.match(
      out,
      /FAIL {2}a read {2}\(.*mine\.cases\.yaml:2\)\n {10}effect: expected deny, got allow \(mine\/read\)\n/,
    )
    assert.match(out, /FAILED 2 of 2 tests and 1 cases/)
  })

  test('--filter runs a part, without coverage; nothing to run is a mistake', async () => {
    const { code, out } = await on(files, ['test', '--filter', 'mine_test.test_r'])
    assert.equal(code, 0)
    assert.doesNotMatch(out, /coverage/)
    const none = await on(files, ['test', '--filter', 'zzz'])
    assert.equal(none.code, 2)
    assert.match(none.error, /no Rego test's package\.name matches "zzz"/)
    const broken = await on(files, ['test', '--filter', '('])
    assert.equal(broken.code, 1)
    assert.match(broken.out, /parsing regexp/)
  })
})

suite('policy eval', () => {
  const input = join(shared.path, 'request.json')
  const judged = (text: string, ...args: readonly string[]): Promise<Ended> => {
    writeFileSync(input, text)
    return on({ 'mine.rego': good }, ['eval', ...args], ['--input', input])
  }

  test('prints the verdict with its rules and masks', async () => {
    const { code, out } = await judged('{}')
    assert.equal(code, 0)
    assert.match(
      out,
      /^allow\n {2}rule {6}mine\/read\n {2}mask {6}public\.people\.iban last4 {2}\(mine\/iban\)\n/,
    )
    assert.match((await judged('{"action": {"read_only": false}}')).out, /^deny\n/)
    assert.doesNotMatch((await judged('{"subject": {"groups": ["pii-readers"]}}')).out, /mask/)
  })

  test('as JSON, with what the policy could read', async () => {
    const [verdict] = objects(await judged('{}', '--json'))
    assert.equal(verdict?.['effect'], 'allow')
    assert.equal(verdict?.['fault'], null)
    assert.deepEqual(verdict?.['read'], {
      version: 1,
      action: { prepare: false, read_only: true },
      approvals: [],
      subject: { groups: [] },
    })
  })

  test('a wrong field is named with its place', async () => {
    const { code, error } = await judged('{\n  "acton": {}\n}')
    assert.deepEqual([code, error], [2, `${input}:2:3: unknown key "acton" — did you mean "action"?\n`])
  })

  test('without a request there is nothing to judge', async () => {
    assert.match((await on({ 'mine.rego': good }, ['eval'])).error, /--input/)
    const missing = await on({ 'mine.rego': good }, ['eval'], ['--input', '/nowhere.json'])
    assert.deepEqual([missing.code, missing.error], [1, 'sluice: /nowhere.json does not exist\n'])
  })
})

suite('policy arguments', () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /unknown "policy "/],
    [['chek', 'x'], /unknown "policy chek"/],
    [['check'], /name the folder/],
    [['check', 'a', 'b'], /unexpected "b"/],
    [['check', 'a', '--filter', 'x'], /policy check has no --filter/],
    [['test', 'a', '--check'], /policy test has no --check/],
    [['fmt', 'a', '--input', 'x'], /policy fmt has no --input/],
    [['check', 'a', '--reason', 'x'], /policy check has no --reason/],
    [['ls', 'a'], /unexpected "a"/],
    [['activate'], /name the revision: sluice policy activate <revision>/],
  ]
  for (const [args, expected] of wrong)
    test(`policy ${args.join(' ')} is a mistake`, async () => {
      const { code, error } = await ran(['policy', ...args])
      assert.equal(code, 2)
      assert.match(error, expected)
    })

  test('an interruption ends it at once', async () => {
    const started = performance.now()
    const { code } = await ran(
      ['policy', 'check', folder],
      { SLUICE_DATA: shared.path },
      AbortSignal.timeout(50),
    )
    assert.equal(code, 1)
    assert.ok(performance.now() - started < 1_000)
  })
})
