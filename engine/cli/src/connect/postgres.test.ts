import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { Unreachable } from '../command.ts'
import { doorAt, type Door } from './gateway-socket.ts'
import { startSidecar } from './sidecar.ts'
import { TokenKeeper } from './token-keeper.ts'

const token = 'slu_canary-of-the-token'

function packet(code: number, body = ''): Buffer {
  const bytes = Buffer.from(`\0\0\0\0\0\0\0\0${body}`, 'latin1')
  bytes.writeInt32BE(bytes.length, 0)
  bytes.writeInt32BE(code, 4)
  return bytes
}

function message(type: string, ...parts: readonly (string | number)[]): Buffer {
  const body = parts.map((part) => {
    if (typeof part === 'string') return Buffer.from(part, 'latin1')
    const number = Buffer.alloc(4)
    number.writeInt32BE(part)
    return number
  })
  const whole = Buffer.concat([Buffer.from(`${type}\0\0\0\0`), ...body])
  whole.writeInt32BE(whole.length - 1, 1)
  return whole
}

const startup = (text = 'user\0app\0database\0whatever\0application_name\0caf\xe9\0\0'): Buffer =>
  packet(196_608, text)
const ssl = packet(80877103)
const gss = packet(80877104)
const cancel = packet(80877102, '12345678')
const asksForPassword = message('R', 3)
const isIn = message('R', 0)
const ready = message('Z', 'I')

/** A gateway by script, which keeps what it hears, and a sidecar in front of it. */
async function stage(
  script: (socket: Socket, heard: () => Buffer) => void,
  change: Partial<StageOptions> = {},
) {
  const parts = new AsyncDisposableStack()
  const heard: Buffer[] = []
  const all = (): Buffer => Buffer.concat(heard)
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        heard.push(bytes)
        script(socket, all)
      })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  parts.defer(() => void server.close())
  const tokens = new TokenKeeper({
    obtain: change.obtain ?? (async () => ({ token, lifeMs: 900_000 })),
    carryOn: async () => {},
    clock: { now: () => 0, monotonic: () => 0, after: () => ({ [Symbol.dispose]: () => {} }) },
    report: () => {},
  })
  const door = change.door?.(port) ?? doorAt({ host: '127.0.0.1', port })
  const place = { kind: 'address', address: { host: '127.0.0.1', port: 0 } } as const
  const sidecar = await startSidecar({ protocol: 'postgres', target: 'shop', door, place, tokens })
  parts.defer(() => sidecar.close())
  assert.ok(sidecar.place.kind === 'address')
  const client = connect(sidecar.place.address)
  parts.defer(() => void client.destroy())
  return { client, heard: all, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

interface StageOptions {
  readonly obtain: () => Promise<{ readonly token: string; readonly lifeMs: number }>
  readonly door: (port: number) => Door
}

/** Lets in whoever shows the token, and sends back in capitals what it hears then. */
function friendly(socket: Socket, heard: () => Buffer): void {
  const text = heard().toString('latin1')
  if (text.includes('SELECT')) socket.write('ROWS')
  else if (text.includes(token)) socket.write(Buffer.concat([isIn, ready]))
  else socket.write(asksForPassword)
}

async function reply(client: Socket, bytes: number): Promise<string> {
  for (;;) {
    const piece = client.read(bytes) as Buffer | null
    if (piece !== null) return piece.toString('latin1')
    await once(client, 'readable')
  }
}

function fieldsOf(answer: Buffer): readonly [string, string] {
  assert.equal(String.fromCharCode(answer[0] ?? 0), 'E')
  assert.equal(answer.length, answer.readInt32BE(1) + 1, 'one message, whole')
  const fields = new Map(
    answer
      .toString('utf8', 5)
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)] as const),
  )
  assert.equal(fields.get('S'), 'FATAL')
  return [fields.get('C') ?? '', fields.get('M') ?? '']
}

suite('the sidecar of PostgreSQL', () => {
  test('refuses encryption within this machine, shows the token, and then is not there', async () => {
    await using at = await stage(friendly)
    at.client.write(gss)
    assert.equal(await reply(at.client, 1), 'N')
    at.client.write(ssl)
    assert.equal(await reply(at.client, 1), 'N')
    at.client.write(startup())
    assert.equal(
      await reply(at.client, isIn.length + ready.length),
      Buffer.concat([isIn, ready]).toString('latin1'),
    )
    at.client.write('SELECT')
    assert.equal(await reply(at.client, 4), 'ROWS')
    const shown = startup('user\0app\0application_name\0caf\xe9\0database\0shop\0\0')
    assert.deepEqual(at.heard(), Buffer.concat([shown, message('p', `${token}\0`), Buffer.from('SELECT')]))
  })

  test('hands on what a client sends in advance, and the end of what it sends', async () => {
    await using at = await stage(friendly)
    at.client.end(Buffer.concat([startup(), Buffer.from('SELECT')]))
    assert.match((await buffer(at.client)).toString('latin1'), /IROWS$/)
  })

  test('hands on a cancel request as it is', async () => {
    await using at = await stage(() => {})
    at.client.write(cancel)
    await buffer(at.client)
    while (at.heard().length < cancel.length) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(at.heard(), cancel)
  })

  test("shows the gateway's own refusal", async () => {
    const refused = message('E', 'SFATAL\0VFATAL\0C28000\0MThe token is for another audience.\0\0')
    await using at = await stage((socket, heard) => {
      if (heard().includes(token)) socket.end(refused)
      else socket.write(asksForPassword)
    })
    at.client.write(startup())
    assert.deepEqual(await buffer(at.client), refused)
  })

  const failures: readonly (readonly [string, Partial<StageOptions>, string, RegExp])[] = [
    [
      'a gateway that is down',
      { door: () => doorAt({ host: '127.0.0.1', port: 9 }) },
      '08006',
      /no gateway answers at 127\.0\.0\.1:9 \(ECONNREFUSED\)/,
    ],
    [
      'a provider that is down',
      { obtain: () => Promise.reject(new Unreachable('the provider does not answer')) },
      '08006',
      /the provider does not answer/,
    ],
    [
      'a token that is refused',
      { obtain: () => Promise.reject(new Error('no token: log in again')) },
      '28000',
      /no token: log in again/,
    ],
  ]
  for (const [what, change, state, words] of failures)
    test(`says in the protocol's own form: ${what}`, async () => {
      await using at = await stage(friendly, change)
      at.client.write(startup())
      const [code, text] = fieldsOf(await buffer(at.client))
      assert.equal(code, state)
      assert.match(text, words)
      assert.ok(!text.includes(token))
    })

  const impostors: readonly (readonly [string, Buffer])[] = [
    ['asks for SCRAM', message('R', 10, 'SCRAM-SHA-256\0\0')],
    ['asks for MD5', message('R', 5, 'salt')],
    ['asks for nothing', isIn],
    ['sends less than a method', message('R')],
    ['sends no PostgreSQL', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ]
  for (const [what, answer] of impostors)
    test(`shows no token to what ${what}`, async () => {
      await using at = await stage((socket) => void socket.write(answer))
      at.client.write(startup())
      assert.equal(fieldsOf(await buffer(at.client))[0].slice(0, 2), '08')
      assert.ok(!at.heard().includes(token))
    })

  for (const [what, answer] of [
    ['has no TLS', Buffer.from('N')],
    ['goes on in clear', Buffer.concat([Buffer.from('S'), asksForPassword])],
    ['shakes no hands', Buffer.from('S')],
  ] as const)
    test(`off this machine, shows no token to what ${what}`, async () => {
      const door = (port: number): Door => ({ address: { host: '127.0.0.1', port }, secured: true })
      await using at = await stage(
        (socket, heard) => {
          if (heard().equals(ssl)) socket.write(answer)
          else socket.end()
        },
        { door },
      )
      at.client.write(startup())
      assert.equal(fieldsOf(await buffer(at.client))[0], '08006')
      assert.ok(!at.heard().includes(token))
    })

  for (const [what, bytes] of [
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')],
    ['another version', packet(131_072)],
    ['parameters that are no pairs', packet(196_608, 'user\0\0app\0')],
    ['a length that is none', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0])],
  ] as const)
    test(`sends nothing on of ${what}`, async () => {
      await using at = await stage(friendly)
      at.client.write(bytes)
      assert.equal(fieldsOf(await buffer(at.client))[0], '08P01')
      assert.equal(at.heard().length, 0)
    })

  test('ends with its gateway, and with its client', async () => {
    await using at = await stage((socket, heard) => {
      if (heard().includes('die')) socket.destroy()
      else friendly(socket, heard)
    })
    at.client.write(startup())
    await reply(at.client, isIn.length + ready.length)
    at.client.write('die')
    await buffer(at.client)
  })
})
