import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { cstring, Cursor, frame, headerBytes, int32 } from '../wire.ts'
import { front } from '../messages.ts'
import { recordableCall, recordableStatement, refusedText } from './message.ts'

const token = ['ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'].join('')

/** A Parse and the place of its statement. */
function parse(sql: string): { readonly message: Buffer; readonly sql: Buffer } {
  const message = frame(front.parse, cstring('name'), cstring(sql), Buffer.from([0, 1]), int32(25))
  const cursor = new Cursor(message, headerBytes)
  cursor.terminated()
  return { message, sql: cursor.terminated() }
}

suite('the recordable form of a message', () => {
  test('is the message where there is nothing to hide', () => {
    const { message, sql } = parse("select 1 /*a='b'*/")
    assert.equal(recordableStatement(message, sql, 'select 1 ', undefined), undefined)
  })

  test('has the length of what stands there now, and everything around it', () => {
    const given = parse(`alter role a password 'hunter2' /*run_id='7'*/`)
    const text = `alter role a password 'hunter2' `
    const clear = `alter role a password '[redacted]' `
    assert.deepEqual(
      recordableStatement(given.message, given.sql, text, clear),
      parse(`${clear}/*run_id='7'*/`).message,
    )
  })

  test('hides a token in the comment that is no part of the text', () => {
    const given = parse(`select 1 /*key='${token}'*/`)
    const recordable = recordableStatement(given.message, given.sql, 'select 1 ', undefined)
    assert.ok(recordable !== undefined && !recordable.includes(token))
    assert.equal(recordable.readInt32BE(1), recordable.length - 1)
  })

  test('of a function call names the function alone', () => {
    const call = frame(front.functionCall, int32(2_077), Buffer.from('hunter2'))
    assert.deepEqual(recordableCall(call), frame(front.functionCall, int32(2_077)))
  })

  test('of a refused EXECUTE has no constant', () => {
    assert.equal(refusedText(`execute p('hunter2')`, undefined), `execute p('[redacted]')`)
    assert.equal(refusedText('select 1', undefined), undefined)
  })
})
