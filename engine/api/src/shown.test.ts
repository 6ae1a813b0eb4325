import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { Json } from '@sluice/core'
import type { Sight } from './approval-sight.ts'
import { shownTo, type ShownRequest } from './shown.ts'
import type { ActionSummary } from './summary.ts'

const pseudonyms = {
  digest: (purpose: string, value: string) => createHmac('sha256', purpose).update(value).digest(),
}

const deletion: ActionSummary = {
  name: 'sql.delete',
  kind: 'delete',
  relations: [{ schema: 'public', name: 'customers', access: 'delete', columns: ['ssn'] }],
  functions: [],
  has_where: true,
  masked: ['public.customers.ssn'],
}
const harmless: ActionSummary = { ...deletion, masked: [] }

function shown(sight: Sight, recorded: object, actions: readonly ActionSummary[] = [deletion]): ShownRequest {
  return shownTo(sight, Buffer.from(JSON.stringify(recorded)), actions, pseudonyms)
}

const ssn = '123-45-6789'
const statement = `delete from customers where ssn = '${ssn}' and id = 42`
const places = [
  statement.indexOf("'"),
  statement.indexOf("' and") + 1,
  statement.length - 2,
  statement.length,
]
const recorded = {
  statement,
  parameters: [ssn, 7, 'x'],
  literals: [places],
  related: ['public.customers'],
  estimates: { 'public.customers': 3000 },
}

test('who asked sees what they wrote, escaped', () => {
  const seen = shown('own', { ...recorded, statement: `${statement}\u202e` })
  assert.deepEqual(seen, {
    statement: { text: `${statement}⟨U+202E⟩`, bytes: statement.length + 3, lines: 1 },
    stands_for: [],
    parameters: [ssn, 7, 'x'],
    hidden: [],
    estimates: { 'public.customers': 3000 },
  })
})

test('an approver sees everything of a statement that touches nothing masked', () => {
  const seen = shown('deciding', recorded, [harmless])
  assert.equal(seen.statement.text, statement)
  assert.deepEqual(seen.parameters, [ssn, 7, 'x'])
  assert.deepEqual(seen.hidden, [])
})

const elsewhere: readonly (readonly [string, object, readonly string[]])[] = [
  ['of other relations', { ...recorded, related: ['public.orders'] }, []],
  ['of a relation whose name only begins alike', { ...recorded, related: ['public.customer'] }, []],
  [
    'of a parent of what it touches',
    { ...recorded, related: ['public.vip', 'public.customers'] },
    ['public.customers.ssn'],
  ],
  ['of whatever a view shows', { ...recorded, related: null }, ['public.customers.ssn']],
  ['of what an adapter does not tell', { statement, parameters: [] }, ['public.customers.ssn']],
]

for (const [name, content, hidden] of elsewhere)
  test(`masked columns ${name}: ${hidden.length === 0 ? 'nothing' : 'values'} hidden`, () => {
    const seen = shown('deciding', content)
    assert.deepEqual(seen.hidden, hidden)
    assert.equal(seen.statement.text.includes(ssn), hidden.length === 0)
  })

test('values that may be of a masked column are hidden in place, and equal ones are recognised', () => {
  const { statement: text, parameters, hidden } = shown('deciding', recorded)
  assert.deepEqual(hidden, ['public.customers.ssn'])
  const found =
    /^delete from customers where ssn = '1\*{8}89'⟨masked (\w{8}), 11 characters⟩ and id = 42$/.exec(
      text.text,
    )
  assert.ok(found, text.text)
  assert.deepEqual(parameters[0], { masked: '1********89', tag: found[1] })
  assert.equal(parameters[1], 7, 'a short number is shown')
  assert.deepEqual(Object.keys(parameters[2] as object), ['masked', 'tag'])
  assert.equal(text.bytes, statement.length, 'the size is that of what runs')
})

test('who only looks sees no value at all, not even short numbers', () => {
  const { statement: text, parameters, hidden } = shown('masked', recorded, [harmless])
  assert.equal(hidden, 'all')
  assert.doesNotMatch(JSON.stringify([text, parameters]), /123|6789|"x"| 42|[^0-9a-f]7[^0-9a-f]/)
  assert.match(text.text, /^delete from customers where ssn = '1\*{8}89'⟨.*⟩ and id = \*\*⟨masked/)
})

const unclear: readonly (readonly [string, object, readonly ActionSummary[]])[] = [
  ['the places of the literals are not known', { ...recorded, literals: [null] }, [deletion]],
  ['an adapter gives no places', { statement, parameters: [] }, [deletion]],
  ['one of several actions touches something masked', { statement, parameters: [] }, [harmless, deletion]],
  ['what is masked is not known', { statement, parameters: [] }, [{ ...harmless, masked: null }]],
]

for (const [name, content, actions] of unclear)
  test(`the whole statement is hidden when ${name}`, () => {
    const { statement: text } = shown('deciding', content, actions)
    assert.match(text.text, /^d\*{32}42⟨masked \w{8}, \d+ characters⟩$/)
  })

test('what a prepared statement stands for is shown like the statement', () => {
  const seen = shown('deciding', {
    statement: 'execute p',
    stands_for: [`delete from customers where ssn = '${ssn}'`],
    parameters: [],
    literals: [[], [34, 47]],
  })
  assert.equal(seen.statement.text, 'execute p')
  assert.match(seen.stands_for[0]?.text ?? '', /^delete from customers where ssn = '1\*{8}89'⟨[^⟩]*⟩$/)
})

test('comments are hidden with the literals, and what is around them is not', () => {
  const text = `delete from customers -- of ${ssn}\nwhere id = 1`
  const { statement: seen } = shown('deciding', { statement: text, literals: [[22, 22 + 3 + 3 + 11]] })
  assert.match(seen.text, /^delete from customers ⟨comment \w{8}, 17 characters⟩\nwhere id = 1$/)
})

test('offsets count bytes, so what stands before a literal does not move it', () => {
  const text = "delete from größe where a = 'Grüße 123'"
  const start = Buffer.byteLength(text.slice(0, text.indexOf("'")))
  const { statement: seen } = shown('deciding', {
    statement: text,
    literals: [[start, Buffer.byteLength(text)]],
  })
  assert.match(seen.text, /^delete from größe where a = 'G\*{6}\*?23'⟨masked \w{8}, 9 characters⟩$/)
})

const parameters: readonly (readonly [Json, boolean])[] = [
  [null, true],
  [true, true],
  [123456, true],
  ['123456', true],
  ['-5', true],
  [1234567, false],
  ['1234567', false],
  [0.5, false],
  ['2024-01-01', false],
  [{ type: 'bytes', bytes: 2, hex: 'ffff' }, false],
  [['a'], false],
]

for (const [value, clear] of parameters)
  test(`a parameter ${JSON.stringify(value)} of a statement on masked columns is ${clear ? 'shown' : 'hidden'}`, () => {
    const [seen] = shown('deciding', { statement: 'x', parameters: [value], literals: [[]] }).parameters
    assert.equal(JSON.stringify(seen) === JSON.stringify(value), clear)
  })

test('strings inside of parameters are shown with what is unseen in them', () => {
  const { parameters: seen } = shown('own', { statement: 'x', parameters: [{ 'a\u200b': ['b\u202e'] }] })
  assert.deepEqual(seen, [{ 'a⟨U+200B⟩': ['b⟨U+202E⟩'] }])
})

test('a tag is keyed: it is no hash of the value', async () => {
  const { createHash } = await import('node:crypto')
  const bare = createHash('sha256').update(ssn).digest('hex').slice(0, 8)
  assert.doesNotMatch(JSON.stringify(shown('deciding', recorded)), new RegExp(bare))
})
