import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { strangerIn } from './http-strangers.ts'

const asking = (headers: IncomingHttpHeaders, localAddress: string | undefined = '127.0.0.1') =>
  strangerIn({ headers, socket: localAddress === undefined ? {} : { localAddress } })

const host = '127.0.0.1:6000'

for (const headers of [
  { host },
  { host: 'localhost:6000' },
  { host: '[::1]:6000' },
  { host, 'sec-fetch-mode': 'cors' },
  { host, 'sec-fetch-site': 'none' },
  { host, 'sec-fetch-site': 'same-origin', origin: `http://${host}` },
])
  test(`a program: ${JSON.stringify(headers)}`, () => assert.equal(asking(headers), undefined))

for (const headers of [
  {},
  { host: 'rebound.example:6000' },
  { host: '127.0.0.1.example' },
  { host: '10.0.0.1:6000' },
  { host, origin: 'https://evil.example' },
  { host, origin: 'null' },
  { host, origin: 'http://127.0.0.1:7000' },
  { host, 'sec-fetch-site': 'cross-site' },
  { host, 'sec-fetch-site': 'same-site' },
])
  test(`a page, or nobody knows who: ${JSON.stringify(headers)}`, () => assert.ok(asking(headers)))

test('where it listens for others, its address there is its name too', () => {
  assert.equal(asking({ host: '10.0.0.5:6000' }, '::ffff:10.0.0.5'), undefined)
  assert.ok(asking({ host: '10.0.0.6:6000' }, '10.0.0.5'))
})
