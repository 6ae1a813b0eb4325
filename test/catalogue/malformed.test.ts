import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { openDoors } from './careless-doors.ts'
import { attackThrough } from './run-http.ts'
import { malformedCorpus, type Malformed } from './malformed-corpus.ts'

/** What another server refuses is refused here, and nothing of it reaches the API. */
const corpus = await malformedCorpus().catch((error: unknown) => error)
const skip = Array.isArray(corpus)
  ? false
  : `the corpus cannot be had from the registry, so NONE of it RAN: ${String(corpus)}`
const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())

suite('requests that gunicorn refuses', { skip }, async () => {
  const doors = await openDoors(parts)
  for (const { name, bytes } of Array.isArray(corpus) ? (corpus as readonly Malformed[]) : [])
    test(name, () =>
      attackThrough(
        { name, send: (at) => addressed(bytes, at.prefix, at.authorization), ...refusedSomehow },
        doors,
      ),
    )

  // That they are refused must not be for what is done to all of them.
  for (const fine of [
    'GET /ordinary HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /ordinary HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}',
    'POST /ordinary HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  ])
    test(`but not ${JSON.stringify(fine)}`, () =>
      attackThrough(
        {
          name: fine,
          send: (at) => addressed(Buffer.from(fine), at.prefix, at.authorization),
          ...refusedSomehow,
          through: { statuses: [200], arrives: / \/ordinary HTTP/ },
        },
        doors,
      ))

  test('are many', () => assert.ok((corpus as readonly Malformed[]).length > 30))
})

const refusedSomehow = {
  finishes: true,
  shows: { kind: 'cannotShow', reason: 'another server refuses it' },
  through: { statuses: [400, 403, 404, 405, 411, 413, 414, 417, 431, 501, 505, 'cut'], arrives: null },
} as const

/** To the target, with a token at the end of its head: it must not be refused for want of these. */
function addressed(bytes: Buffer, prefix: string, authorization: string): Buffer {
  const text = bytes.toString('latin1').replace(' /', ` ${prefix}/`)
  const end = text.indexOf('\r\n\r\n')
  return Buffer.from(
    end < 0 ? text : `${text.slice(0, end + 2)}${authorization}${text.slice(end + 2)}`,
    'latin1',
  )
}
