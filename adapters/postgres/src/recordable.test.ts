import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { recordableOf, withoutSecrets } from './recordable.ts'
import { cstring, frame, int32 } from './wire.ts'

function query(sql: string): Buffer {
  return frame(0x51, cstring(sql))
}

function parse(name: string, sql: string): Buffer {
  return frame(0x50, cstring(name), cstring(sql), Buffer.from([0, 0]))
}

function bind(...values: readonly (string | null)[]): Buffer {
  const given = values.flatMap((value) =>
    value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)],
  )
  return frame(
    0x42,
    cstring(''),
    cstring('s'),
    Buffer.from([0, 0, 0, values.length]),
    ...given,
    Buffer.from([0, 0]),
  )
}

const update = 'update t set password = $1 where id = $2'

suite('what the log may hold of a request', () => {
  test('without a secret it is the request', () => {
    assert.equal(recordableOf(query('select 1'), ['select 1']), null)
    assert.equal(recordableOf(bind('a', 'b'), ['select $1, $2']), null)
  })

  test('a secret in the text is blanked in its place', () => {
    const sql = "alter role x password 'hunter2'"
    const found = recordableOf(query(sql), [sql])
    assert.deepEqual(found?.content, query("alter role x password '*******'"))
    assert.deepEqual(found?.secrets, [Buffer.from('hunter2')])
  })

  test('a secret value is blanked where the text, or its own shape, says that it is one', () => {
    assert.deepEqual(recordableOf(bind('hunter2', '7'), [update])?.content, bind('*******', '7'))
    const both = Buffer.concat([parse('', update), bind('hunter2', null)])
    const blanked = Buffer.concat([parse('', update), bind('*******', null)])
    assert.deepEqual(recordableOf(both, [update])?.content, blanked)
    const token = `ghp_${'a1'.repeat(18)}`
    assert.deepEqual(
      recordableOf(bind(`x ${token}`), ['select $1'])?.content,
      bind(`x ${'*'.repeat(token.length)}`),
    )
    assert.equal(recordableOf(bind(null, '7'), [update]), null)
  })

  test('what is a secret in one place is one in every other, and a short one only in its own', () => {
    const found = recordableOf(query("select 'hunter2' from t where password = 'hunter2'"), [])
    assert.deepEqual(found?.content, query("select '*******' from t where password = '*******'"))
    const short = recordableOf(query("select 'ab' from t where password = 'ab'"), [])
    assert.deepEqual(short?.content, query("select 'ab' from t where password = '**'"))
  })

  test('what EXECUTE gives to a statement that takes secrets is blanked', () => {
    const texts = ["execute keep('hunter2', 7)", update]
    assert.deepEqual(
      recordableOf(query("execute keep('hunter2', 7)"), texts)?.content,
      query(`execute keep(${'*'.repeat(13)}`),
    )
  })

  test('an answer that quotes a secret is recorded without it, and any other is not copied', () => {
    const answer = Buffer.from('role "hunter2" does not exist; hunter2')
    assert.equal(
      withoutSecrets(answer, [Buffer.from('hunter2')]).toString(),
      'role "*******" does not exist; *******',
    )
    assert.equal(answer.includes('*'), false)
    assert.equal(withoutSecrets(answer, [Buffer.from('absent')]).buffer, answer.buffer)
  })
})
