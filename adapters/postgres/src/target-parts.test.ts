import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Target } from '@sluice/core'
import { TargetParts } from './target-parts.ts'

test('a target keeps its part, and another one under its name has a part of its own', () => {
  const target: Target = {
    name: 'shop',
    protocol: 'postgres',
    labels: {},
    address: { host: 'db', port: 5432 },
    settings: null,
  }
  const parts = new TargetParts(() => ({}))
  const first = parts.of(target)
  assert.equal(parts.of(target), first)
  const second = parts.of({ ...target, address: { host: 'other', port: 5432 } })
  assert.notEqual(second, first)
  assert.deepEqual([...parts.all()].length, 2)
})
