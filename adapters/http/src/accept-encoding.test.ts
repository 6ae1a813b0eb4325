import { test } from 'node:test'
import assert from 'node:assert/strict'
import { accepts } from './accept-encoding.ts'

test('a coding is used for whoever asks for it', () => {
  for (const header of [
    'gzip',
    'deflate, GZIP;q=0.5, br',
    'gzip; q=1.000',
    'x-gzip',
    '*',
    'br;q=0, *;q=0.1',
    'identity, gzip ;q=0.001',
  ])
    assert.equal(accepts(header, 'gzip'), true, header)
})

test('and for nobody else', () => {
  for (const header of [
    null,
    '',
    'identity',
    'br, zstd',
    'gzip;q=0',
    'gzip; q=0.000',
    '*, gzip;q=0',
    '*;q=0',
    'gzip;level=9',
    'gzip;q=2',
    'gzip;q=',
    'gzipped',
  ])
    assert.equal(accepts(header, 'gzip'), false, String(header))
})
