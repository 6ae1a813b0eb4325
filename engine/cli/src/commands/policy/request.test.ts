import { test } from 'node:test'
import assert from 'node:assert/strict'
import { neutralInput } from '@sluice/policy'
import { ConfigError } from '../../config/problem.ts'
import { readRequest } from './request.ts'

test('what the file says is laid over a neutral request', () => {
  const request = readRequest('r.json', '{"subject": {"groups": ["dba"]}, "action": {"kind": "drop_table"}}')
  assert.deepEqual(request, {
    ...neutralInput,
    subject: { ...neutralInput.subject, groups: ['dba'] },
    action: { ...neutralInput.action, kind: 'drop_table' },
  })
  assert.deepEqual(readRequest('r.json', '{}'), neutralInput)
})

test('a complete recorded input is taken as it is', () => {
  assert.deepEqual(readRequest('r.json', JSON.stringify(neutralInput)), neutralInput)
})

const wrong: readonly (readonly [string, RegExp])[] = [
  ['{"subjct": {}}', /^r\.json:1:2: unknown key "subjct" — did you mean "subject"\?$/],
  [
    '{\n  "subject": {"group": []}\n}',
    /^r\.json:2:15: unknown key "group" in subject — did you mean "groups"\?$/,
  ],
  [
    '{"subject": {"type": "robot"}}',
    /^r\.json:1:14: subject\.type cannot be "robot" — one of: human, service$/,
  ],
  ['{"action": {"read_only": "yes"}}', /^r\.json:1:13: action\.read_only must be boolean/],
  ['{"action": {"relations": [{"name": "x"}]}}', /action\.relations\.0 lacks "schema"/],
  ['{"time": null}', /^r\.json:1:2: time must be object/],
  ['[]', /^r\.json:1:1: the file must be object/],
  ['{"action": ', /^r\.json:1:\d+: /],
]

for (const [text, expected] of wrong)
  test(`${JSON.stringify(text)} names the wrong field and its place`, () => {
    assert.throws(
      () => readRequest('r.json', text),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, expected)
        return true
      },
    )
  })
