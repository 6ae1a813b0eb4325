import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { compilePath, type Path, type Step } from './path.ts'
import { pathTree, type PathNode } from './path-tree.ts'
import { ValueMask } from './value-mask.ts'

type Place = readonly (string | number)[]

function tree(...paths: readonly string[]): PathNode {
  return pathTree(
    paths.map((path) => ({
      path: compilePath(path),
      mask: new ValueMask(path, { method: 'redact' }, 'rules/path', undefined),
    })),
  )
}

function at(root: PathNode, place: Place): PathNode {
  return place.reduce<PathNode>(
    (node, part) => (typeof part === 'string' ? node.member(part) : node.element(part)),
    root,
  )
}

/** What RFC 9535 says of a path, and that all below is masked too. */
function leadsTo({ steps }: Path, place: Place, step = 0, from = 0): boolean {
  const next: Step | undefined = steps[step]
  if (next === undefined) return true
  const part = place[from]
  if (part === undefined) return false
  if (next.deep && leadsTo({ text: '', steps }, place, step, from + 1)) return true
  const matches = next.kind === 'any' || (next.kind === 'name' ? next.name === part : next.index === part)
  return matches && leadsTo({ text: '', steps }, place, step + 1, from + 1)
}

suite('where paths lead', () => {
  const steps = fc.constantFrom('.a', '.b', '[*]', '[0]', '[1]', '..a', '..b', '..*', '..[0]')
  const paths = fc.array(steps, { maxLength: 4 }).map((parts) => `$${parts.join('')}`)
  const places = fc.array(fc.constantFrom<string | number>('a', 'b', 'c', 0, 1, 2), { maxLength: 6 })

  test('as each path says by itself', () => {
    fc.assert(
      fc.property(fc.array(paths, { minLength: 1, maxLength: 3 }), places, (all, place) => {
        const expected = all.some((path) => leadsTo(compilePath(path), place))
        assert.equal(at(tree(...all), place).mask !== undefined, expected)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a name is compared byte by byte', () => {
    const root = tree('$.né')
    const bytes = Buffer.from('"né"')
    assert.ok(root.memberIn(bytes, 1, bytes.length - 1).mask)
    assert.equal(root.memberIn(bytes, 1, bytes.length - 2).mask, undefined)
  })

  test('what no path asks for is settled', () => {
    assert.ok(at(tree('$.a.b'), ['c']).settled)
    assert.ok(at(tree('$.a'), ['a']).settled)
    assert.equal(at(tree('$..a'), ['c']).settled, false)
    assert.ok(tree().settled)
  })

  test('of two masks the stricter applies, and below both', () => {
    const mask = (path: string, method: 'last4' | 'hash'): ValueMask =>
      new ValueMask(path, { method }, 'rules/path', { key: 'k', digest: () => Buffer.alloc(32) })
    const root = pathTree([
      { path: compilePath('$.a'), mask: mask('$.a', 'last4') },
      { path: compilePath('$..b'), mask: mask('$..b', 'hash') },
    ])
    assert.equal(at(root, ['a']).mask?.name, '$.a')
    assert.equal(at(root, ['a', 'b', 'c']).mask?.name, '$..b')
  })

  test('very many nodes are as right as a few', () => {
    const root = tree(...'abcdefghijklmn'.split('').map((name) => `$..${name}..x`))
    for (let number = 0; number < 2 ** 14; number++) {
      const place = 'abcdefghijklmn'.split('').filter((_, bit) => (number >> bit) & 1)
      const node = at(root, [...place, 'x'])
      assert.equal(node.mask !== undefined, place.length > 0)
    }
  })
})
