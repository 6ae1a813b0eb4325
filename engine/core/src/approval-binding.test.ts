import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { bindingOf, type Bound } from './approval-binding.ts'
import { scriptedPseudonyms } from './scripted.ts'

function of(id: string, actsFor: string | null = null): Bound['subject'] {
  return { id, on_behalf_of: actsFor }
}

const bound: Bound = {
  subject: of('idp#alice'),
  target: 'shop',
  part: Buffer.from('delete from orders where id = 1'),
  rule: 'review/delete',
  requirement: { approvers: ['dba', 'leads'], quorum: 1, expires_s: 3_600, hold_s: 120, scope: 'once' },
}
const { requirement } = bound

function hex(change: Partial<Bound>): string {
  return Buffer.from(bindingOf({ ...bound, ...change }, scriptedPseudonyms)).toString('hex')
}

suite('the binding of an approval', () => {
  test('never changes for the same request', () => {
    assert.equal(hex({}), '34bfb9af5ed6db77ffb8db5d0e47e57584977bf07993935916dd19a45e3a7f45')
  })

  test('is nothing without its key', () => {
    const other = { digest: (_: string, value: string) => createHmac('sha256', 'b').update(value).digest() }
    assert.notEqual(Buffer.from(bindingOf(bound, other)).toString('hex'), hex({}))
  })

  const changes: readonly (readonly [what: string, change: Partial<Bound>])[] = [
    ['another subject', { subject: of('idp#bob') }],
    ['the same subject for somebody', { subject: of('idp#alice', 'idp#bob') }],
    ['another target', { target: 'shop2' }],
    ['another byte of the request', { part: Buffer.from('delete from orders where id = 2') }],
    ['a byte more', { part: Buffer.from('delete from orders where id = 1 ') }],
    ['another rule', { rule: 'review/schema' }],
    ['other approvers', { requirement: { ...requirement, approvers: ['dba'] } }],
    ['approvers that read alike in a row', { requirement: { ...requirement, approvers: ['dbaleads'] } }],
    ['another quorum', { requirement: { ...requirement, quorum: 2 } }],
    ['another life', { requirement: { ...requirement, expires_s: 60 } }],
    ['another scope', { requirement: { ...requirement, scope: 'window' } }],
  ]
  for (const [what, change] of changes)
    test(`${what} is another binding`, () => assert.notEqual(hex(change), hex({})))

  test('no field runs into the next', () => {
    const shifted = [
      hex({ subject: of('a'), target: 'bc' }),
      hex({ subject: of('ab'), target: 'c' }),
      hex({ subject: of('abc'), target: '' }),
      hex({ target: 'x', part: Buffer.from('y') }),
      hex({ target: 'xy', part: Buffer.from('') }),
      hex({ part: Buffer.from('x'), rule: 'y' }),
      hex({ part: Buffer.from('xy'), rule: '' }),
      hex({ requirement: { ...requirement, quorum: 1, expires_s: 12 } }),
      hex({ requirement: { ...requirement, quorum: 11, expires_s: 2 } }),
    ]
    assert.equal(new Set(shifted).size, shifted.length)
  })

  test('the order in which a policy names groups does not matter, nor how long the caller waits', () => {
    assert.equal(hex({ requirement: { ...requirement, approvers: ['leads', 'dba'] } }), hex({}))
    assert.equal(hex({ requirement: { ...requirement, hold_s: 0 } }), hex({}))
  })
})
