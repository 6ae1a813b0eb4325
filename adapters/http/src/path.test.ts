import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Refused } from '@sluice/core'
import { canonicalPath, pathFor, segmentsOf } from './path.ts'
import { httpLimits } from './limits.ts'

const anyCase = { case: 'insensitive', path_parameters: true } as const

test('an escape that says nothing is undone, another one has one spelling', () => {
  for (const [raw, canonical] of [
    ['/', '/'],
    ['/a/', '/a/'],
    ['/%41%2d%7e', '/A-~'],
    ['/models/x%3Agenerate', '/models/x:generate'],
    ['/a%2cb%3dc%40d', '/a,b=c@d'],
    ['/a%2bb', '/a%2Bb'],
    ['/a+b', '/a+b'],
    ['/a%20b', '/a%20b'],
    ['/%e2%82%ac', '/%E2%82%AC'],
    ['/.well-known/openid-configuration', '/.well-known/openid-configuration'],
    ['/v1.2/a-b_c~d.json', '/v1.2/a-b_c~d.json'],
  ] as const)
    assert.equal(canonicalPath(raw), canonical)
})

test('H1 H2 H3: what servers resolve, fold or decode once more is refused', () => {
  for (const raw of [
    '/a/..;x=1/b',
    '/a/%2e%2e;/b',
    '/a%252fb',
    '/a%25%32%66b',
    '/a%25u002fb',
    '/a%E2%88%95b',
    '/a%E2%81%84b',
    '/%E2%84%AAelvin',
    '/o%EF%AC%80ice',
    '/e%CC%81',
    '/a%E2%80%AEb',
    '/a%C2%A0',
    '/a%EF%BB%BF',
    '/a%ED%A0%80',
    '/%20a',
    '/...',
    '/a./b',
    '/a\n',
    '/{a}',
    '/a"b',
    `/${'a'.repeat(httpLimits.pathBytesMax)}`,
    '/a'.repeat(httpLimits.segmentsMax + 1),
  ])
    assert.throws(() => canonicalPath(raw), Refused, raw.slice(0, 40))
})

test('segments are what the target takes them for', () => {
  assert.deepEqual(segmentsOf('/'), [])
  assert.deepEqual(segmentsOf('/a/'), ['a'])
  assert.deepEqual(segmentsOf('/a%20b/%C3%A9;v=1'), ['a b', 'é'])
  assert.deepEqual(segmentsOf(pathFor('/ADMIN;x=%41/%C3%89', anyCase)), ['admin', 'é'])
  assert.throws(() => pathFor('/a%3Bb', anyCase), /";"/)
})

test('H2: every spelling of one path at a target that knows no case is the same, and stays it', () => {
  const letter = fc.constantFrom('a', 'A', 'é', 'É', 'İ', 'ß', 'ẞ', 'Σ', 'ς', 'Ω', ' ', '+', '.', '-', ':')
  const text = fc.string({ unit: letter, minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (segments) => {
      const written = `/${segments.map(encodeURIComponent).join('/')}`
      let read: string
      try {
        read = pathFor(canonicalPath(written), anyCase)
      } catch (error) {
        assert.ok(error instanceof Refused)
        return
      }
      assert.equal(pathFor(canonicalPath(read), anyCase), read)
      assert.ok(read.length <= 2 * httpLimits.pathBytesMax)
      assert.doesNotMatch(decodeURIComponent(read), /[A-ZÉΩ]/)
    }),
    { numRuns: 2_000 },
  )
})
