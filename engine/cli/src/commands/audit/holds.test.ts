import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { LegalHoldLine } from '@sluice/api'
import { ran, scriptedServer, type ScriptedServer } from '../../scripted.ts'

const line: LegalHoldLine = {
  id: 'lgh_1',
  state: 'active',
  selector: 'label=env=prod',
  placed_at: '2026-11-01T08:00:00.000Z',
  by: 'idp#carol',
  reason: 'case\n7',
  released_at: null,
  released_by: null,
  released_reason: null,
}

const audit = (api: ScriptedServer, ...args: readonly string[]) =>
  ran(['audit', ...args], { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' })

test('hold and release say what is held, and ask the API for it', async () => {
  await using api = await scriptedServer(() => ({ body: JSON.stringify(line) }))
  const held = await audit(api, 'hold', '--label', 'env=prod', '--reason', 'case 7')
  assert.deepEqual([held.code, held.out], [0, 'lgh_1 holds label=env=prod\n'])
  const released = await audit(api, 'release', 'lgh_1', '--reason', 'closed', '--json')
  assert.equal(released.out, `${JSON.stringify(line)}\n`)
  assert.deepEqual(api.asked, [
    'POST /v1/legal-holds {"label":"env=prod","reason":"case 7"}',
    'DELETE /v1/legal-holds/lgh_1 {"reason":"closed"}',
  ])
})

test('ls is a table, or one object for each', async () => {
  await using api = await scriptedServer(() => ({ body: JSON.stringify([line]) }))
  assert.match(
    (await audit(api, 'holds', 'ls')).out,
    /^id .*\nlgh_1 {2}active {2}label=env=prod {2}2026-11-01 08:00:00 UTC {2}idp#carol {2}case\\u\{a\}7\n$/,
  )
  assert.equal((await audit(api, 'holds', 'ls', '--all', '--json')).out, `${JSON.stringify(line)}\n`)
  assert.deepEqual(
    api.asked.map((asked) => asked.trim()),
    ['GET /v1/legal-holds?state=active', 'GET /v1/legal-holds?state=all'],
  )
})

const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
  [['hold', '--reason', 'r'], /name what to hold: --session, --subject or --label/],
  [['hold', '--subject', 'a', '--label', 'b=c', '--reason', 'r'], /name what to hold/],
  [['hold', '--subject', 'a'], /say why: --reason/],
  [['release', '--reason', 'r'], /name the legal hold/],
  [['release', 'lgh_1'], /say why: --reason/],
]
for (const [args, expected] of mistakes)
  test(`audit ${args.join(' ')} is a mistake, and nothing is asked`, async () => {
    await using api = await scriptedServer(() => ({ body: '' }))
    const { code, error } = await audit(api, ...args)
    assert.equal(code, 2)
    assert.match(error, expected)
    assert.deepEqual(api.asked, [])
  })
