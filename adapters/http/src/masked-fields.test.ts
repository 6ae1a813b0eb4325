import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { builtInDetectors, Undecodable, type ContentRules, type Detector } from '@sluice/masking'
import { maskedFields } from './masked-fields.ts'
import type { Headers } from './replies.ts'

const detector = builtInDetectors.get('card') ?? assert.fail()
const card = '4000290979900015'
const rules: ContentRules = { paths: [], detectors: [{ detector, request: { method: 'last4' }, rule: 'm' }] }
const constant = (value: string): ContentRules => ({
  paths: [],
  detectors: [{ detector, request: { method: 'constant', value }, rule: 'm' }],
})
const fields: Headers = [
  ['content-type', 'application/json'],
  ['x-card', `of ${card}`],
  ['x-more', 'v\u00e4lue'],
  ['x-more', card],
]

suite('headers in which something is hidden', () => {
  test('are as they were where there is nothing to hide, or nobody looks', () => {
    const clear = fields.slice(0, 1)
    assert.deepEqual(maskedFields(clear, rules, undefined), { fields: clear, masked: [] })
    assert.deepEqual(maskedFields(fields, null, undefined), { fields, masked: [] })
  })

  test('keep their names, and lose what a detector finds', () => {
    const { fields: shown, masked } = maskedFields(fields, rules, undefined)
    assert.deepEqual(shown, [
      ['content-type', 'application/json'],
      ['x-card', 'of ************0015'],
      ['x-more', 'v\u00e4lue'],
      ['x-more', '************0015'],
    ])
    assert.equal(
      masked.reduce((sum, { values }) => sum + values, 0),
      2,
    )
  })

  test('stay headers, whatever a policy puts in the place of a value', () => {
    for (const value of ['a\r\nset-cookie: evil=1', '\n\u0001\n', '\u0100'])
      assert.throws(() => maskedFields(fields, constant(value), undefined), Undecodable)
  })
})

test('a detector of texts looks at each value for itself, and at no name', () => {
  const seen: string[] = []
  const person: Detector = {
    name: 'person',
    charsMax: 100,
    ofTexts: true,
    find: (text) => {
      seen.push(text)
      const start = text.indexOf('Ann')
      return start < 0 ? [] : [{ start, end: start + 'Ann'.length }]
    },
  }
  const both: ContentRules = {
    paths: [],
    detectors: [...rules.detectors, { detector: person, request: { method: 'redact' }, rule: 'm' }],
  }
  const given: Headers = [
    ['x-Ann', 'of: Ann'],
    ['x-empty', ''],
    ['x-card', `Ann ${card}`],
    ['x-last', 'v\u00e4lue Ann'],
  ]
  assert.deepEqual(maskedFields(given, both, undefined).fields, [
    ['x-Ann', 'of: [masked]'],
    ['x-empty', ''],
    ['x-card', '[masked] ************0015'],
    ['x-last', 'v\u00e4lue [masked]'],
  ])
  assert.deepEqual(new Set(seen), new Set(given.map(([, value]) => value)))
})
