import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Refused } from '@sluice/core'
import { viewOf } from './body.ts'

test('a body is read by what it says that it is', () => {
  for (const [type, body, kind, value] of [
    ['application/json', '{"a":[1]}', 'json', { a: [1] }],
    ['application/vnd.api+json; charset=UTF-8', '1', 'json', 1],
    ['text/json', 'null', 'json', null],
    ['application/x-ndjson', '1\n2\n', 'json_lines', [1, 2]],
    ['application/x-www-form-urlencoded', 'a=1&a=2', 'form', { a: ['1', '2'] }],
    ['application/graphql', '{ a }', 'graphql', { query: '{ a }' }],
    ['application/x-amz-json-1.1', '{"a":1}', 'json', { a: 1 }],
    ['application/vnd.elasticsearch+x-ndjson; compatible-with=8', '1\n2\n', 'json_lines', [1, 2]],
    ['text/plain', '[INFO] started', 'text', null],
    ['text/plain', '"a"', 'text', null],
    ['application/xml', '<!DOCTYPE a []>', 'other', null],
    ['multipart/mixed; boundary=b', '--b--', 'other', null],
    ['application/json', '', 'none', null],
  ] as const) {
    const view = viewOf(type, Buffer.from(body))
    assert.deepEqual([view.kind, view.value], [kind, value], type ?? 'no type')
  }
})

test('H29: a document is seen whatever its type says, and is one document', () => {
  const text = '{"role":"admin","of":"ä"}'
  const wide = (order: (at: DataView, value: number) => void): Buffer =>
    Buffer.concat(
      [...text].map((char) => {
        const word = Buffer.alloc(4)
        order(new DataView(word.buffer, word.byteOffset), char.codePointAt(0) ?? 0)
        return word
      }),
    )
  for (const type of ['text/plain', 'application/octet-stream', 'application/x-own', undefined]) {
    for (const body of [text, ` \r\n${text}`, `\ufeff${text}`])
      assert.deepEqual(viewOf(type, Buffer.from(body)).value, { role: 'admin', of: 'ä' })
    for (const body of [
      '{"role":"user","role":"admin"}',
      '{"__proto__":{"role":"admin"}}',
      '{"_method":"DELETE"}',
      `${'['.repeat(1_000)}${']'.repeat(1_000)}`,
      Buffer.from(text, 'utf16le'),
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(text, 'utf16le').swap16(),
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
      wide((at, value) => at.setUint32(0, value)),
      wide((at, value) => at.setUint32(0, value, true)),
    ])
      assert.throws(() => viewOf(type, Buffer.from(body)), Refused, `${type} ${body.toString('latin1')}`)
    for (const body of ['{"a":', '{a}', Buffer.from([0x7b, 0xff]), Buffer.from([0, 0, 0, 0x5b, 1])])
      assert.equal(viewOf(type, Buffer.from(body)).value, null)
  }
})

test('H29: a document in front of something else, or not in UTF-8, is one to readers of streams', () => {
  const text = '{"role":"admin"}'
  for (const type of ['text/plain', 'application/octet-stream', undefined]) {
    for (const body of [
      `${text} x`,
      `${text}\n{"role":"user","role":"admin"}`,
      `[${text}]]`,
      `\ufeff${text};`,
      Buffer.from('{"a":"\xff","role":"admin"}', 'latin1'),
      Buffer.from('{"role":"admin"}\xff', 'latin1'),
      Buffer.from(`${text}x`, 'utf16le'),
    ])
      assert.throws(() => viewOf(type, Buffer.from(body)), Refused, `${type} ${body.toString('latin1')}`)
    assert.deepEqual(viewOf(type, Buffer.from(`${text}\n\n[1]\n`)).value, [{ role: 'admin' }, [1]])
    for (const body of ['[1] a note', '{} and {"a":1}', '["a: b"] x', '{name}: {"a":1}', '[a](b) {"c":1}'])
      assert.equal(viewOf(type, Buffer.from(body)).value, null, body)
  }
})

test('H29: a document that says that it is a form or GraphQL is refused, since many servers read it all the same', () => {
  for (const type of ['application/x-www-form-urlencoded', 'application/graphql'])
    for (const body of ['{"role":"admin"}', ' {"role":"admin"}&a=1', '[{"role":"admin"}]'])
      assert.throws(() => viewOf(type, Buffer.from(body)), Refused, `${type} ${body}`)
  assert.deepEqual(viewOf('application/x-www-form-urlencoded', Buffer.from('[]=1&a={"b":1}')).value, {
    '[]': ['1'],
    a: ['{"b":1}'],
  })
})

test('H29: a body that is not what it says is refused, and so is another character set', () => {
  for (const [type, body] of [
    ['application/json', 'a=1'],
    ['application/json; charset=utf-16', '{}'],
    ['application/json; charset=latin1', '{}'],
    ['application/json', Buffer.from('\ufeff{}')],
    ['application/x-www-form-urlencoded', Buffer.from([0x61, 0x3d, 0xff])],
    ['application/json, text/plain', '{}'],
    ['multipart/form-data', '--b--'],
    ['multipart/form-data; boundary=a; boundary=b', '--b--'],
  ] as const)
    assert.throws(() => viewOf(type, Buffer.from(body)), Refused, type)
})

test('H5: no field of a form names another method', () => {
  const part = '--b\r\nContent-Disposition: form-data; name="_METHOD"\r\n\r\nDELETE\r\n--b--\r\n'
  assert.throws(() => viewOf('multipart/form-data; boundary=b', Buffer.from(part)), /method/)
  assert.throws(() => viewOf('application/json', Buffer.from('{"_method":"DELETE"}')), /method/)
  assert.deepEqual(viewOf('application/json', Buffer.from('{"method":"tools/call"}')).value, {
    method: 'tools/call',
  })
})
