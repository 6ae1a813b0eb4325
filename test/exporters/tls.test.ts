import { test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { systemClock } from '@sluice/core'
import { http, type Parcel } from '@sluice/exporters'
import { selfSigned } from '../src/certificate.ts'

const parcel: Parcel = {
  id: 'evt_1',
  timeMs: 0,
  kind: 'document',
  text: '{"a":1}',
  bytes: 7,
  type: 'DecisionMade',
  stream: 'ses_1',
  seq: 0,
  severity: 6,
}

test('a receiver is told nothing before its certificate is vouched for', async () => {
  const certificate = selfSigned('localhost')
  const got: string[] = []
  const server = createServer(certificate, (request, response) => {
    void text(request).then((body) => {
      got.push(body)
      response.end()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const deliver = async (host: string, authority: string | undefined) => {
    const url = new URL(`https://${host}:${address.port}/`)
    const sink = http({ url, authority, shape: 'ndjson', secret: null, token: null, clock: systemClock })
    try {
      return await sink.deliver([parcel], new AbortController().signal)
    } finally {
      await sink.close()
    }
  }
  try {
    const failed = (code: string) => ({ kind: 'failed', reason: `no answer: ${code}`, afterMs: 0 })
    assert.deepEqual(await deliver('localhost', undefined), failed('DEPTH_ZERO_SELF_SIGNED_CERT'))
    assert.deepEqual(await deliver('127.0.0.1', certificate.cert), failed('ERR_TLS_CERT_ALTNAME_INVALID'))
    assert.deepEqual(got, [])
    assert.deepEqual(await deliver('localhost', certificate.cert), { kind: 'delivered' })
    assert.deepEqual(got, ['{"a":1}\n'])
  } finally {
    server.close()
    server.closeAllConnections()
  }
})
