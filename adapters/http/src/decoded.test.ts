import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { Refused } from '@sluice/core'
import { builtInDetectors, type Hiding } from '@sluice/masking'
import { EchoGuard, formsOf } from './echo-guard.ts'
import { masked, type MaskContext } from './mask.ts'
import type { Headers, Reply } from './replies.ts'
import { maskContext } from './scripted.ts'

/** A secret that must not leave, in every form and container, cut wherever it can be. */

const credential = { user: 'app', password: 'Kx9+canary/4711' }
const card = '4000290979900015'

const codings: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  identity: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
}

const containers: Readonly<Record<string, readonly [type: string, of: (text: string) => string]>> = {
  JSON: ['application/json', (text) => `{"a":${JSON.stringify(text)},"n":1}`],
  NDJSON: ['application/x-ndjson', (text) => `{"n":1}\n{"a":${JSON.stringify(text)}}\n`],
  events: ['text/event-stream', (text) => `data: {"n":1}\n\ndata: {"a":${JSON.stringify(text)}}\n\n`],
  'events of texts': ['text/event-stream', (text) => `data: one\n\ndata: ${text}\n\n`],
  'a form': [
    'application/x-www-form-urlencoded',
    (text) => new URLSearchParams({ n: '1', a: text }).toString(),
  ],
  'a text': ['text/plain', (text) => `it is ${text}, and more`],
}

function forms(secret: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(secret)
  return {
    raw: secret,
    hexadecimal: bytes.toString('hex'),
    base64: bytes.toString('base64'),
    'base64 for URLs': bytes.toString('base64url'),
    'URL-encoded': [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  }
}

/** All cuts of a short text; of what is coded, where every byte says many, each piece is one byte. */
function* cuts(bytes: Buffer, coding: string): Generator<readonly Buffer[]> {
  yield Array.from(bytes, (byte) => Buffer.of(byte))
  for (let cut = 0; cut <= bytes.length; cut += coding === 'identity' ? 1 : 9)
    yield [bytes.subarray(0, cut), bytes.subarray(cut)]
}

async function* answer(headers: Headers, pieces: readonly Buffer[]): AsyncGenerator<Reply> {
  yield { kind: 'head', status: 200, headers }
  for (const bytes of pieces) if (bytes.length > 0) yield await Promise.resolve({ kind: 'data', bytes })
  yield { kind: 'end', trailers: [] }
}

/** What left, and whether it was whole. */
async function left(
  replies: AsyncIterable<Reply>,
  change: Partial<MaskContext>,
): Promise<readonly [string, boolean]> {
  const pieces: Buffer[] = []
  try {
    for await (const { item } of masked(replies, maskContext(change)))
      if (item.kind === 'data') pieces.push(item.bytes)
    return [Buffer.concat(pieces).toString(), true]
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return [Buffer.concat(pieces).toString(), false]
  }
}

for (const [container, [type, of]] of Object.entries(containers))
  for (const [coding, coded] of Object.entries(codings)) {
    const headers: Headers = [
      ['content-type', type],
      ['content-encoding', coding],
    ]

    test(`the credential of the gateway does not leave in ${container}, ${coding}`, async () => {
      const known = formsOf(credential) ?? assert.fail()
      for (const [form, text] of Object.entries(forms(credential.password))) {
        if (form === 'URL-encoded' && container === 'a form') continue
        // All of it is escaped here, which no server does to what needs no escape.
        const echo = form === 'URL-encoded' ? encodeURIComponent(credential.password) : text
        for (const pieces of cuts(coded(Buffer.from(of(echo))), coding)) {
          const [seen, whole] = await left(answer(headers, pieces), { guard: new EchoGuard(known) })
          assert.equal(whole, false, form)
          assert.ok(!seen.includes(echo), form)
        }
      }
    })
  }

suite('a value that is hidden', () => {
  const detector = builtInDetectors.get('card') ?? assert.fail()
  const hiding: Hiding = {
    content: { paths: [], detectors: [{ detector, request: { method: 'redact' }, rule: 'm' }] },
    recognised: [],
  }

  for (const [container, [type, of]] of Object.entries(containers))
    for (const [coding, coded] of Object.entries(codings))
      test(`does not leave in ${container}, ${coding}`, async () => {
        for (const [form, text] of Object.entries(forms(card))) {
          // Within a text nobody can say where what is encoded begins.
          if (container === 'a text' && form !== 'raw') continue
          for (const pieces of cuts(coded(Buffer.from(of(text))), coding)) {
            const headers: Headers = [
              ['content-type', type],
              ['content-encoding', coding],
            ]
            const [seen, whole] = await left(answer(headers, pieces), { hiding })
            assert.equal(whole, true, form)
            assert.ok(!seen.includes(text) && !seen.includes(encodeURIComponent(text)), `${form}: ${seen}`)
          }
        }
      })
})
