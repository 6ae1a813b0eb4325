import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { placeOf } from '@sluice/core/verdict'
import { verdictOf } from './verdict.ts'

const allow = {
  effect: 'allow',
  reasons: [{ rule: 'a/b', message: 'Yes.' }],
  mask: [{ relation: 'public.t', column: 'c', method: 'stars', rule: 'm/c' }],
  limits: { rows: 10, bytes: null, timeout_ms: null },
  approval: null,
  labels: { team: 'data' },
}
const hold = {
  ...allow,
  effect: 'hold',
  approval: { approvers: ['leads', 'dba'], quorum: 1, expires_s: 60, hold_s: 0, scope: 'once' },
}

test('a well-formed answer is taken as it is, sorted', () => {
  const verdict = verdictOf({
    ...hold,
    reasons: [
      { rule: 'b', message: 'B' },
      { rule: 'a', remedy: 'R' },
    ],
  })
  assert.equal(verdict.effect, 'hold')
  assert.deepEqual(verdict.reasons, [
    { rule: 'a', message: '', remedy: 'R' },
    { rule: 'b', message: 'B', remedy: '' },
  ])
  assert.deepEqual(verdict.approval?.approvers, ['dba', 'leads'])
  assert.throws(() => Object.assign(verdict.limits, { rows: 1 }), TypeError)
})

test('no answer is a denial', () => {
  assert.deepEqual(
    [verdictOf(undefined).effect, verdictOf(undefined).reasons[0]?.rule],
    ['deny', 'policy/undefined'],
  )
})

/** Each is one change away from a verdict that allows or holds; all must deny. */
const malformed: readonly (readonly [what: string, value: unknown])[] = [
  ['null', null],
  ['true', true],
  ['a list', [allow]],
  ['an empty object', {}],
  ['an unknown effect', { ...allow, effect: 'permit' }],
  ['no effect', { ...allow, effect: undefined }],
  ['an unknown obligation', { ...allow, encrypt: true }],
  ['no mask', Object.fromEntries(Object.entries(allow).filter(([key]) => key !== 'mask'))],
  ['no reason', { ...allow, reasons: [] }],
  ['reasons that are no list', { ...allow, reasons: {} }],
  ['a reason that is text', { ...allow, reasons: ['because'] }],
  ['a reason without a rule', { ...allow, reasons: [{ message: 'x' }] }],
  ['a reason with an empty rule', { ...allow, reasons: [{ rule: '' }] }],
  ['a reason with an unknown key', { ...allow, reasons: [{ rule: 'a', code: 1 }] }],
  ['a message that is no text', { ...allow, reasons: [{ rule: 'a', message: 1 }] }],
  ['a mask with an unknown method', { ...allow, mask: [{ ...allow.mask[0], method: 'rot13' }] }],
  ['a mask with an unknown key', { ...allow, mask: [{ ...allow.mask[0], unless: 'x' }] }],
  ['a constant mask without its value', { ...allow, mask: [{ ...allow.mask[0], method: 'constant' }] }],
  [
    'a constant mask whose value is no text',
    { ...allow, mask: [{ ...allow.mask[0], method: 'constant', value: 0 }] },
  ],
  ['a value beside another method', { ...allow, mask: [{ ...allow.mask[0], value: '0' }] }],
  ['groups beside another method', { ...allow, mask: [{ ...allow.mask[0], to: '10' }] }],
  ['empty groups', { ...allow, mask: [{ ...allow.mask[0], method: 'generalise', to: '' }] }],
  ['a mask without a column', { ...allow, mask: [{ relation: 'a.b', method: 'null', rule: 'r' }] }],
  ['a mask on a relation without a schema', { ...allow, mask: [{ ...allow.mask[0], relation: 't' }] }],
  ['a limit that is text', { ...allow, limits: { ...allow.limits, rows: '10' } }],
  ['a negative limit', { ...allow, limits: { ...allow.limits, rows: -1 } }],
  ['a broken limit', { ...allow, limits: { ...allow.limits, rows: 1.5 } }],
  ['an unknown limit', { ...allow, limits: { ...allow.limits, cost: 1 } }],
  ['a missing limit', { ...allow, limits: { rows: 1 } }],
  ['an approval without a hold', { ...allow, approval: hold.approval }],
  ['a hold without an approval', { ...hold, approval: null }],
  ['a hold that nobody can approve', { ...hold, approval: { ...hold.approval, approvers: [] } }],
  ['a hold without a vote', { ...hold, approval: { ...hold.approval, quorum: 0 } }],
  ['a hold of an unknown scope', { ...hold, approval: { ...hold.approval, scope: 'forever' } }],
  ['a hold with an unknown key', { ...hold, approval: { ...hold.approval, veto: 1 } }],
  ['a label that is no text', { ...allow, labels: { a: 1 } }],
  ['labels that are a list', { ...allow, labels: [] }],
]

const schema = new Ajv({ strict: false }).compile(
  JSON.parse(readFileSync(new URL('../../../schemas/verdict.schema.json', import.meta.url), 'utf8')),
)

for (const [what, value] of malformed)
  test(`${what} is a denial`, () => {
    const verdict = verdictOf(value)
    assert.equal(verdict.effect, 'deny')
    assert.equal(verdict.reasons[0]?.rule, 'policy/malformed')
    assert.equal(schema(JSON.parse(JSON.stringify(value))), false, 'the schema says otherwise')
  })

test('what no JSON text can say denies all the same', () => {
  const odd: readonly unknown[] = [
    { ...allow, limits: { ...allow.limits, rows: NaN } },
    { ...allow, limits: { ...allow.limits, rows: Infinity } },
    { ...allow, limits: { ...allow.limits, rows: 2 ** 53 } },
    { ...allow, limits: { ...allow.limits, rows: 1n } },
    { ...hold, approval: { ...hold.approval, quorum: NaN } },
    { ...allow, effect: new String('allow') },
    { ...allow, reasons: new Set(allow.reasons) },
    Object.create(allow),
    new Map(Object.entries(allow)),
    () => allow,
    Symbol('allow'),
  ]
  for (const value of odd) assert.equal(verdictOf(value).reasons[0]?.rule, 'policy/malformed')
})

test('a key that changes other objects is an unknown key, or a name like others', () => {
  const unknown: unknown = JSON.parse('{"__proto__":{"effect":"allow"},"effect":"deny"}')
  assert.equal(verdictOf(unknown).reasons[0]?.rule, 'policy/malformed')
  for (const at of ['reasons', 'mask'] as const) {
    const part: unknown = JSON.parse(JSON.stringify(allow[at][0]).replace('{', '{"__proto__":{},'))
    assert.equal(verdictOf({ ...allow, [at]: [part] }).reasons[0]?.rule, 'policy/malformed')
  }
  const labels: unknown = JSON.parse('{"__proto__":"x","constructor":"y"}')
  const verdict = verdictOf({ ...allow, labels })
  assert.equal(JSON.stringify(verdict.labels), '{"__proto__":"x","constructor":"y"}')
  assert.equal(Object.getPrototypeOf(verdict.labels), Object.prototype)
})

test('a hundred thousand masks are sorted out without delay', () => {
  const mask = Array.from({ length: 100_000 }, (_, n) => ({ ...allow.mask[0], column: `c${n % 70_000}` }))
  const from = performance.now()
  assert.equal(verdictOf({ ...allow, mask }).mask.length, 70_000)
  assert.ok(performance.now() - from < 5_000)
})

test('whatever an answer is, code and schema agree on it, and what is not understood denies', () => {
  const values = [...malformed.map(([, value]) => value), allow, hold]
  const part = fc.constantFrom(...values.flatMap((value) => [value, ...Object.values(Object(value))]))
  const key = fc.constantFrom(...Object.keys(allow), 'other')
  const changed = fc.tuple(fc.constantFrom(allow, hold), key, fc.oneof(part, fc.jsonValue()))
  fc.assert(
    fc.property(changed, ([base, at, value]) => {
      const answer: unknown = JSON.parse(JSON.stringify({ ...base, [at]: value }))
      const verdict = verdictOf(answer)
      const understood = verdict.reasons[0]?.rule !== 'policy/malformed'
      assert.equal(understood, schema(answer), JSON.stringify(answer))
      if (!understood) assert.equal(verdict.effect, 'deny')
    }),
    { numRuns: 3000 },
  )
})

test('the strictest mask of a column applies, one for all columns included', () => {
  const mask = (column: string, method: string, rule: string): object => ({
    relation: 'public.t',
    column,
    method,
    rule,
  })
  const masks = [
    mask('a', 'last4', '1'),
    mask('a', 'null', '2'),
    mask('b', 'none', '3'),
    mask('c', 'redact', '4'),
    mask('*', 'stars', '5'),
    mask('a', 'null', '0'),
  ]
  const expected = [
    ['*', 'stars', '5'],
    ['a', 'null', '0'],
    ['b', 'stars', '5'],
    ['c', 'redact', '4'],
  ]
  for (const order of [masks, masks.toReversed()])
    assert.deepEqual(
      verdictOf({ ...allow, mask: order }).mask.map((mask) => [
        placeOf(mask).slice('public.t.'.length),
        mask.method,
        mask.rule,
      ]),
      expected,
    )
})

test('a place is a column, a path or what a detector finds, and only one of them', () => {
  const shown = (place: object): readonly string[] => {
    const value = { ...allow, mask: [{ ...place, method: 'redact', rule: 'm' }] }
    const verdict = verdictOf(value)
    assert.equal(schema(value), verdict.effect === 'allow')
    return verdict.effect === 'allow' ? verdict.mask.map(placeOf) : []
  }
  assert.deepEqual(shown({ relation: 'public.t', column: 'c' }), ['public.t.c'])
  assert.deepEqual(shown({ path: '$.a[*].b' }), ['$.a[*].b'])
  assert.deepEqual(shown({ detector: 'card' }), ['detector:card'])
  assert.deepEqual(shown({ detector: 'card', of: 'request' }), ['request:detector:card'])
  assert.deepEqual(shown({ path: '$.messages[*].content', of: 'request' }), ['request:$.messages[*].content'])
  for (const none of [
    {},
    { relation: 'public.t' },
    { column: 'c' },
    { path: 'a.b' },
    { path: '' },
    { detector: '' },
    { detector: 'card', path: '$.a' },
    { relation: 'public.t', column: 'c', path: '$.a' },
    { relation: 'public.t', column: 'c', of: 'request' },
    { detector: 'card', of: 'answer' },
  ])
    assert.deepEqual(shown(none), [])
})

test('what a method needs comes with it, and two sizes of groups are none', () => {
  const mask = (rule: string, change: object): object => ({ ...allow.mask[0], rule, ...change })
  const shown = (...masks: readonly object[]): unknown => {
    const value = { ...allow, mask: masks }
    assert.equal(schema(value), true)
    return verdictOf(value).mask.map(({ method, value: constant, to }) => [method, constant, to])
  }
  assert.deepEqual(shown(mask('a', { method: 'constant', value: '' })), [['constant', '', undefined]])
  assert.deepEqual(shown(mask('a', { method: 'generalise' })), [['generalise', undefined, undefined]])
  const year = mask('a', { method: 'generalise', to: 'year' })
  const decade = mask('b', { method: 'generalise', to: 'decade' })
  assert.deepEqual(shown(year, mask('c', { method: 'generalise', to: 'year' })), [
    ['generalise', undefined, 'year'],
  ])
  assert.deepEqual(shown(year, decade), [['redact', undefined, undefined]])
  assert.deepEqual(shown(decade, year), [['redact', undefined, undefined]])
})

test('what may be done with a masked column is one of few words, of columns alone', () => {
  const understood = (change: object): boolean => {
    const value = { ...allow, mask: [{ ...allow.mask[0], ...change }] }
    const verdict = verdictOf(value)
    assert.equal(schema(value), verdict.effect === 'allow', JSON.stringify(change))
    return verdict.effect === 'allow'
  }
  for (const change of [
    { derived: 'refuse' },
    { derived: 'mask' },
    { predicates: 'refuse' },
    { predicates: 'equality' },
    { predicates: 'allow' },
    { moves: 'refuse' },
    { moves: 'allow', derived: 'mask', predicates: 'allow' },
  ])
    assert.ok(understood(change), JSON.stringify(change))
  for (const change of [
    { derived: 'allow' },
    { derived: null },
    { predicates: 'mask' },
    { moves: true },
    { derives: 'mask' },
    { method: 'none', derived: 'mask' },
    { relation: undefined, column: undefined, path: '$.a', moves: 'allow' },
  ])
    assert.ok(!understood(JSON.parse(JSON.stringify(change)) as object), JSON.stringify(change))
})

test('of several rules for a column each of its uses is the one that tells less', () => {
  const mask = (rule: string, change: object): object => ({ ...allow.mask[0], rule, ...change })
  const shown = (...masks: readonly object[]): unknown => {
    const [found] = verdictOf({ ...allow, mask: masks }).mask
    return found !== undefined && 'relation' in found
      ? [found.method, found.derived, found.predicates, found.moves]
      : assert.fail()
  }
  const open = { derived: 'mask', predicates: 'allow', moves: 'allow' }
  for (const order of [(masks: object[]) => masks, (masks: object[]) => masks.toReversed()]) {
    const both = (one: object, other: object): unknown =>
      shown(...order([mask('a', { method: 'redact', ...one }), mask('b', { method: 'stars', ...other })]))
    assert.deepEqual(both(open, open), ['redact', 'mask', 'allow', 'allow'])
    assert.deepEqual(both(open, {}), ['redact', undefined, undefined, undefined])
    assert.deepEqual(both({}, open), ['redact', undefined, undefined, undefined])
    assert.deepEqual(both(open, { predicates: 'refuse', derived: 'mask' }), [
      'redact',
      'mask',
      'refuse',
      undefined,
    ])
    assert.deepEqual(
      shown(...order([mask('a', { method: 'redact', ...open }), mask('b', { method: 'none' })])),
      ['redact', 'mask', 'allow', 'allow'],
    )
  }
})

test('tokens come with a domain, and those of two domains are none', () => {
  const mask = (rule: string, change: object): object => ({ ...allow.mask[0], rule, ...change })
  const token = (rule: string, domain: string): object => mask(rule, { method: 'tokenise', domain })
  const shown = (...masks: readonly object[]): unknown => {
    const value = { ...allow, mask: masks }
    const verdict = verdictOf(value)
    assert.equal(schema(value), verdict.effect === 'allow', JSON.stringify(masks))
    return verdict.effect === 'allow' ? verdict.mask.map(({ method, domain }) => [method, domain]) : null
  }
  assert.deepEqual(shown(token('a', 'people'), token('b', 'people')), [['tokenise', 'people']])
  for (const both of [
    [token('a', 'people'), token('b', 'cards')],
    [token('b', 'cards'), token('a', 'people')],
  ])
    assert.deepEqual(shown(...both), [['redact', undefined]])
  assert.deepEqual(shown(token('a', 'people'), mask('b', { method: 'hash' })), [['tokenise', 'people']])
  for (const domain of ['', 'a b', 'a\0b', 'ä', 'x'.repeat(65), undefined])
    assert.equal(shown(JSON.parse(JSON.stringify(mask('a', { method: 'tokenise', domain }))) as object), null)
  assert.equal(shown(mask('a', { method: 'hash', domain: 'people' })), null)
})
