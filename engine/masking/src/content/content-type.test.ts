import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Undecodable } from '../data-type.ts'
import { kindOf } from './content-type.ts'

suite('how content is read', () => {
  const kinds: readonly (readonly [type: string, kind: string])[] = [
    ['application/json', 'json'],
    ['Application/JSON ; charset="UTF-8"', 'json'],
    ['application/problem+json', 'json'],
    ['application/vnd.api+json;profile="a;charset=b"', 'json'],
    ['application/x-ndjson', 'ndjson'],
    ['text/event-stream; charset=utf-8', 'events'],
    ['application/x-www-form-urlencoded', 'form'],
    ['text/html;charset=us-ascii', 'text'],
    ['text/plain;', 'text'],
  ]
  for (const [type, kind] of kinds) test(type, () => assert.equal(kindOf(type), kind))

  const unreadable = [
    '',
    'json',
    'text/',
    'application/octet-stream',
    'application/pdf',
    'multipart/form-data; boundary=a',
    'application/grpc',
    'application/xml',
    'text/xml',
    'image/svg+xml',
    'application/json; charset=utf-16',
    'text/plain; charset=iso-8859-1',
    'application/json; charset=utf-8; charset=utf-7',
    'application/json, text/html',
    'application/json; charset',
    'application/json charset=utf-8',
  ]
  for (const type of unreadable)
    test(`${type}: not at all`, () => {
      assert.throws(() => kindOf(type), Undecodable)
    })
  test('without a type: not at all', () => {
    assert.throws(() => kindOf(null), Undecodable)
  })
})
