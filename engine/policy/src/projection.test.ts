import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import type { PolicyInput } from '@sluice/core'
import { limits } from '@sluice/core'
import { neutralInput } from './neutral-input.ts'
import { projectionOf } from './projection.ts'
import { frozen } from './verdict.ts'

function project(reads: readonly (readonly string[])[], input: unknown): unknown {
  return JSON.parse(projectionOf(reads)(input as PolicyInput))
}

test('only what is read is left, absent things stay absent', () => {
  const reads = [['action', 'name'], ['action', 'nothing'], ['subject', 'groups'], ['run']]
  assert.deepEqual(project(reads, neutralInput), {
    action: { name: 'sql.select' },
    subject: { groups: [] },
    run: neutralInput.run,
  })
})

test('the empty path is the whole document', () => {
  assert.deepEqual(project([['action', 'name'], []], neutralInput), neutralInput)
})

test('no path is an empty document', () => {
  assert.deepEqual(project([], neutralInput), {})
})

test('what should have parts and has none is given as it is', () => {
  assert.deepEqual(project([['action', 'name', 'x']], neutralInput), { action: { name: 'sql.select' } })
  assert.deepEqual(project([['approvals', 'x']], neutralInput), { approvals: [] })
})

test('a text above the limit is replaced by what identifies it', () => {
  const long = 'é'.repeat(limits.policyLeafBytesMax)
  const input = { ...neutralInput, action: { ...neutralInput.action, parameters: ['short', long] } }
  const sha256 = createHash('sha256').update(long).digest('hex')
  assert.deepEqual(project([['action', 'parameters']], input), {
    action: { parameters: ['short', { type: 'string', bytes: 2 * limits.policyLeafBytesMax, sha256 }] },
  })
})

test('what an object inherits is not in its document', () => {
  const names = ['constructor', 'toString', '__proto__', 'hasOwnProperty']
  const reads = names.flatMap((name) => [
    ['subject', 'claims', name],
    ['target', 'labels', name, 'name'],
  ])
  assert.deepEqual(project(reads, neutralInput), { subject: { claims: {} }, target: { labels: {} } })
  const claims: unknown = JSON.parse('{"__proto__":{"admin":true},"constructor":1}')
  const own = { ...neutralInput, subject: { ...neutralInput.subject, claims } }
  assert.equal(
    projectionOf(reads.slice(0, 6))(own as PolicyInput),
    '{"subject":{"claims":{"constructor":1,"__proto__":{"admin":true}}},"target":{"labels":{}}}',
  )
})

test('a leaf is replaced by its bytes, whatever else is read with it', () => {
  const long = '€'.repeat(Math.ceil(limits.policyLeafBytesMax / 3) + 1)
  const fits = '€'.repeat(Math.floor(limits.policyLeafBytesMax / 3) - 1)
  const input = { ...neutralInput, client: { ip: fits, application: long } }
  for (const reads of [[['client', 'application']], [['client']], [[]]]) {
    const { client } = project(reads, input) as { client: { ip?: unknown; application: unknown } }
    assert.equal(typeof client.application, 'object')
    if (client.ip !== undefined) assert.equal(client.ip, fits)
  }
})

test('a part that can change is read again each time, also below a frozen one', () => {
  const projection = projectionOf([['subject', 'groups']])
  const groups = ['a']
  const input: PolicyInput = { ...neutralInput, subject: Object.freeze({ ...neutralInput.subject, groups }) }
  assert.match(projection(input), /\["a"\]/)
  groups.push('b')
  assert.match(projection(input), /\["a","b"\]/)
})

/** The specification in a few lines: what is left of a value when only these paths are read. */
function picked(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).flatMap(([key, part]) => {
    const below = paths.filter(([first]) => first === key).map((path) => path.slice(1))
    return below.length === 0 || part === undefined ? [] : [[key, picked(part, below)] as const]
  })
  return Object.fromEntries(entries)
}

test('any document, any paths, frozen or not, asked twice: exactly what is read', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'weird "key"', '0')
  const tree = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
      fc.dictionary(key, tie('node')),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
  }))
  const paths = fc.array(fc.array(key, { maxLength: 4 }), { maxLength: 5 })
  fc.assert(
    fc.property(fc.dictionary(key, tree.node), paths, fc.boolean(), (document, reads, freeze) => {
      const input = freeze ? frozen(document) : document
      const projection = projectionOf(reads)
      const expected: unknown = JSON.parse(JSON.stringify(picked(document, reads)))
      for (let round = 0; round < 2; round++)
        assert.deepEqual(JSON.parse(projection(input as unknown as PolicyInput)), expected)
    }),
    { numRuns: 2000 },
  )
})
