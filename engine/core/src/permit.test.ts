import { test } from 'node:test'
import assert from 'node:assert/strict'
import { digest, mint, type Permit } from './permit.ts'
import * as published from './index.ts'

const content = Buffer.from('select 1')

test('a permit is spent once, on the judged bytes', () => {
  const permit = mint('dec_1', digest(content))
  permit.spend(Buffer.from(content))
  assert.throws(() => permit.spend(content), /already spent/)
})

test('a permit for other bytes throws, and is gone', () => {
  const permit = mint('dec_1', digest(content))
  assert.throws(() => permit.spend(Buffer.from('drop table customers')), /other bytes/)
  assert.throws(() => permit.spend(content), /already spent/)
})

test('nobody outside the core can mint', () => {
  assert.equal('mint' in published, false)
  const Constructor = mint('dec_1', '').constructor as new (...parts: unknown[]) => Permit
  assert.throws(() => new Constructor(Symbol('permit'), 'dec_1', digest(content)), /only by a durable append/)
})
