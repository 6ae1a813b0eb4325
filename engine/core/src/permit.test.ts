import { test } from 'node:test'
import assert from 'node:assert/strict'
import { digest, mint, type Permit } from './permit.ts'
import * as published from './index.ts'

const content = Buffer.from('select 1')
const live = (): boolean => true

test('a permit is spent once, on the judged bytes', () => {
  const permit = mint('dec_1', digest(content), live)
  permit.spend(Buffer.from(content))
  assert.throws(() => permit.spend(content), /already spent/)
})

test('a permit for other bytes throws, and is gone', () => {
  const permit = mint('dec_1', digest(content), live)
  assert.throws(() => permit.spend(Buffer.from('drop table customers')), /other bytes/)
  assert.throws(() => permit.spend(content), /already spent/)
})

test('a permit of a gateway whose lease has lapsed meanwhile refuses, and is gone', () => {
  let leased = true
  const permit = mint('dec_1', digest(content), () => leased)
  leased = false
  assert.throws(() => permit.spend(content), /lost touch with its log/)
  assert.throws(() => permit.spend(content), /already spent/)
})

test('nobody outside the core can mint', () => {
  assert.equal('mint' in published, false)
  const Constructor = mint('dec_1', '', live).constructor as new (...parts: unknown[]) => Permit
  assert.throws(
    () => new Constructor(Symbol('permit'), 'dec_1', digest(content), live),
    /only by a durable append/,
  )
})

test('what was not applied may leave once more, and never first', () => {
  const unspent = mint('dec_1', digest(content), () => true)
  assert.throws(() => unspent.repeat(content), /not spent/)
  let live = true
  const permit = mint('dec_1', digest(content), () => live)
  permit.spend(content)
  permit.repeat(content)
  assert.throws(() => permit.repeat(content), /already spent/)
  const other = mint('dec_1', digest(content), () => live)
  other.spend(content)
  assert.throws(() => other.repeat(Buffer.from('drop table customers')), /other bytes/)
  const late = mint('dec_1', digest(content), () => live)
  late.spend(content)
  live = false
  assert.throws(() => late.repeat(content), /lost touch with its log/)
})

test('what did not leave cannot leave once more', () => {
  const permit = mint('dec_1', digest(content), live)
  assert.throws(() => permit.spend(Buffer.from('drop table customers')), /other bytes/)
  assert.throws(() => permit.repeat(content), /already spent/)
})
