import { after, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { refusal, Refused, type Gate, type Refusal, type Stranger } from '@sluice/core'
import { listen } from './listen.ts'
import type { PostgresSettings } from './target.ts'
import { cstring, int32 } from './wire.ts'

const told: (readonly [Stranger, Refusal])[] = []
const badToken = refusal('token_refused', 'identity/signature', 'No.')
const gate = {
  open: () => Promise.reject(new Refused(badToken)),
  refused: (stranger: Stranger, reason: Refusal) => void told.push([stranger, reason]),
  targets: () => [],
  verifier: () => undefined,
  cancel: () => {},
  onChanged: () => {},
  patterns: [],
  recognisers: [],
} as unknown as Gate<PostgresSettings>
const listener = await listen({ address: { host: '127.0.0.1', port: 0 } }, gate)
after(() => listener.close())

function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(parameters).map(([name, value]) => cstring(`${name}\0${value}`))
  const body = Buffer.concat([int32(196_608), ...pairs, Buffer.of(0)])
  return Buffer.concat([int32(4 + body.length), body])
}

const password = Buffer.concat([Buffer.from('p'), int32(4 + 4), cstring('bad')])

/** All that is answered to a caller who says that and no more. */
async function answerTo(...words: readonly Uint8Array[]): Promise<string> {
  const socket = connect(listener.address)
  const heard: Buffer[] = []
  socket.on('data', (bytes: Buffer) => heard.push(bytes))
  socket.end(Buffer.concat(words))
  await once(socket, 'close')
  return Buffer.concat(heard).toString('latin1')
}

function toldOf(): readonly string[] {
  return told.map(
    ([{ protocol, target, client }, { code, rule }]) => `${protocol} ${target} ${client.ip} ${code} ${rule}`,
  )
}

suite('who is turned away before the gate is asked', () => {
  beforeEach(() => void (told.length = 0))

  test('is told to it', async () => {
    const shop = { user: 'a', database: 'shop' }
    for (const [words, state, note] of [
      [[Buffer.from('GET / HTTP/1.1\r\n\r\n')], '08P01', '  127.0.0.1 malformed adapter/protocol'],
      [[startup({ database: 'shop' })], '28000', '  127.0.0.1 denied adapter/startup'],
      [[startup({ ...shop, replication: 'true' })], '0A000', '  127.0.0.1 denied adapter/startup'],
      [[startup({ ...shop, options: '-c fsync=off' })], '42501', '  127.0.0.1 denied adapter/startup'],
      [[startup(shop), Buffer.from('Q\0\0\0\x04')], '08P01', ' shop 127.0.0.1 malformed adapter/protocol'],
    ] as const) {
      told.length = 0
      assert.match(await answerTo(...words), new RegExp(`C${state}\\0`))
      assert.deepEqual(toldOf(), [`postgres${note}`])
    }
  })

  test('and nobody else is', async () => {
    assert.match(await answerTo(startup({ user: 'a', database: 'shop' }), password), /C28000\0/)
    assert.equal(await answerTo(), '')
    await answerTo(startup({ user: 'a', database: 'shop' }))
    assert.deepEqual(toldOf(), [])
  })
})
