import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { Sealed } from './sealed.ts'

const sealed = new Sealed(createSecretKey(Buffer.alloc(32, 1)))
const value = { token: 'slu_x', refresh: 'r' }

test('what was sealed for a purpose is opened for that, each time in another form', () => {
  const text = sealed.seal('session', value)
  assert.deepEqual(sealed.open('session', text), value)
  assert.notEqual(sealed.seal('session', value), text)
  assert.doesNotMatch(Buffer.from(text, 'base64url').toString('latin1'), /slu_/)
})

test('for another purpose, of another key, or changed by a bit, it is nothing', () => {
  const text = sealed.seal('session', value)
  assert.equal(sealed.open('sign-in', text), undefined)
  assert.equal(new Sealed(createSecretKey(Buffer.alloc(32, 2))).open('session', text), undefined)
  const bytes = Buffer.from(text, 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.equal(sealed.open('session', changed.toString('base64url')), undefined, `byte ${at}`)
    assert.equal(
      sealed.open('session', bytes.subarray(0, at).toString('base64url')),
      undefined,
      `${at} bytes`,
    )
  }
  for (const other of ['', '=', `${text}=`, ` ${text}`, `${text}A`, 'ü'])
    assert.equal(sealed.open('session', other), undefined, other)
})
