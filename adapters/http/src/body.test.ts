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
    ['text/plain', '{"a":1}', 'text', null],
    ['application/xml', '<!DOCTYPE a []>', 'other', null],
    ['multipart/mixed; boundary=b', '--b--', 'other', null],
    [undefined, '{"a":1}', 'other', null],
    ['application/json', '', 'none', null],
  ] as const) {
    const view = viewOf(type, Buffer.from(body))
    assert.deepEqual([view.kind, view.value], [kind, value], type ?? 'no type')
  }
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
})
