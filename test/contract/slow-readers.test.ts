import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { message, startBackend, startRelay, WireClient, type Backend, type Relay } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

/**
 * Somebody does not take what is sent: the one who sends is kept waiting, and nothing in between grows. What the kernel
 * keeps of a connection on loopback is a few megabytes, so that everything here is larger by far.
 */

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))
const kernelBytes = 16 * 1_048_576
const largeBytes = 40 * 1_048_576
const stallMs = 1_000

let provider: IdentityProvider
let backend: Backend
let relay: Relay
let gateway: Gateway
let hasty: Gateway

before(async () => {
  provider = await startIdentityProvider({ port: 0 })
  backend = await startBackend()
  await backend.run('postgres', 'create table t (a text)')
  const login = backend.login('postgres')
  relay = await startRelay(login)
  const options = {
    provider,
    policies: allowAll,
    targets: [{ name: 'shop', login: { ...login, host: relay.host, port: relay.port } }],
  }
  gateway = await startGateway(options)
  hasty = await startGateway({ ...options, stallSeconds: stallMs / 1_000 })
})
after(async () => {
  await hasty?.close()
  await gateway?.close()
  await relay?.close()
  await backend?.close()
  await provider?.close()
})

/** A client that hears only what it asks to hear. */
class Reader {
  readonly socket: Socket
  heardBytes = 0

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.pause()
  }

  static async login(through: Gateway, name = 'reader'): Promise<Reader> {
    const { host, port, user, password, database } = await through.login('alice', 'shop')
    const socket = connect({ host, port, noDelay: true })
    await once(socket, 'connect')
    socket.write(message.startup({ user, database, application_name: name }))
    await once(socket, 'data')
    socket.write(message.password(password))
    let greeting = Buffer.alloc(0)
    while (!greeting.subarray(-6).equals(Buffer.from([0x5a, 0, 0, 0, 5, 0x49]))) {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      greeting = Buffer.concat([greeting, chunk])
    }
    return new Reader(socket)
  }

  /** Resolves when so many bytes have come, or the connection is over. */
  async take(bytes: number): Promise<void> {
    const enough = Promise.withResolvers<void>()
    this.socket.on('data', (chunk: Buffer) => {
      this.heardBytes += chunk.length
      if (this.heardBytes >= bytes) enough.resolve()
    })
    this.socket.once('close', () => enough.resolve()).resume()
    await enough.promise
  }
}

/** What came down from the server since, until it stands still. */
async function standstill(bytes: () => number): Promise<number> {
  for (let last = -1; ;) {
    const now = bytes()
    if (now === last && now > 0) return now
    last = now
    await sleep(700)
  }
}

/** Bytes of these words, said again and again, until nobody takes them. */
async function taken({ socket }: Reader, words: Buffer): Promise<number> {
  for (let sent = 0; sent < largeBytes; sent += words.length) {
    if (socket.write(words)) continue
    const late = sleep(1_500).then(() => 'late')
    if ((await Promise.race([once(socket, 'drain'), late])) === 'late') return sent
  }
  return largeBytes
}

const down = (): number => relay.connections.reduce((sum, connection) => sum + connection.down.length, 0)
const large = `select repeat('x', 1000) from generate_series(1, ${String(largeBytes / 1_000)})`

suite('a client that does not read', () => {
  test('keeps the server waiting, and gets all of a large answer when it does', async () => {
    const before = down()
    const reader = await Reader.login(gateway)
    reader.socket.write(message.query(large))
    const came = await standstill(() => down() - before)
    assert.ok(came < kernelBytes, `${String(came)} bytes have left the server`)
    await reader.take(largeBytes)
    assert.ok(reader.heardBytes >= largeBytes)
    reader.socket.destroy()
  })

  test('keeps waiting whoever notifies it', async () => {
    const before = down()
    const reader = await Reader.login(gateway)
    reader.socket.write(message.query('listen news'))
    const outside = await WireClient.login(backend.login('postgres'))
    const notify = `select pg_notify('news', i || repeat('x', 7000)) from generate_series(1, 1000) i`
    for (let i = 0; i < 5; i++) await outside.query(notify)
    const came = await standstill(() => down() - before)
    assert.ok(came < kernelBytes, `${String(came)} bytes have left the server`)
    await reader.take(5 * 1_000 * 7_000)
    assert.ok(reader.heardBytes >= 5 * 1_000 * 7_000)
    reader.socket.destroy()
    outside.close()
  })

  test('is not read on either, whatever it asks for', async () => {
    const reader = await Reader.login(gateway)
    const asked = Buffer.concat(Array.from({ length: 64 }, () => message.query(`select repeat('x', 20000)`)))
    const sent = await taken(reader, asked)
    assert.ok(sent < kernelBytes, `${String(sent)} bytes were taken`)
    reader.socket.destroy()
  })

  test('is cut off after its time, and one that reads slowly is not', async () => {
    const idle = await Reader.login(hasty, 'idle')
    const slow = await Reader.login(hasty, 'slow')
    idle.socket.write(message.query(large))
    slow.socket.write(message.query(large))
    const reading = setInterval(() => void slow.socket.read(), 5)
    await sleep(stallMs / 2)
    assert.deepEqual([await isThere('idle'), await isThere('slow')], [true, true])
    for (let i = 0; i < 50 && (await isThere('idle')); i++) await sleep(200)
    await sleep(stallMs)
    clearInterval(reading)
    assert.deepEqual([await isThere('idle'), await isThere('slow')], [false, true])
    slow.socket.destroy()
  })

  test('leaves, and keeps no connection of the server by what it did not read', async () => {
    const outside = await WireClient.login(backend.login('postgres'))
    const leaver = await Reader.login(gateway, 'leaver')
    leaver.socket.write(message.query('listen gone'))
    await sleep(100)
    const notify = `select pg_notify('gone', i || repeat('x', 7000)) from generate_series(1, 1000) i`
    for (let i = 0; i < 4; i++) await outside.query(notify)
    await standstill(down)
    leaver.socket.write(message.frame('X'))
    for (let i = 0; i < 40 && (await isThere('leaver')); i++) await sleep(200)
    assert.equal(await isThere('leaver'), false)
    leaver.socket.destroy()
    outside.close()
  })

  /** Whether the server has the connection of the session of that name. */
  async function isThere(name: string): Promise<boolean> {
    const sql = `select true from pg_stat_activity where application_name = '${name}'`
    return (await backend.run('postgres', sql)).rows.length > 0
  }
})

test('a client whose COPY data nobody takes is not read on', async () => {
  const outside = await WireClient.login(backend.login('postgres'))
  await outside.query('begin; lock table t in access exclusive mode')
  const reader = await Reader.login(gateway)
  reader.socket.write(message.query('copy t from stdin'))
  const sent = await taken(reader, message.copyData('x'.repeat(65_000)))
  assert.ok(sent < kernelBytes, `${String(sent)} bytes were taken`)
  reader.socket.destroy()
  await outside.query('rollback')
  outside.close()
})

test('both sides of a session are probed by the kernel while nothing is said', async () => {
  const client = await WireClient.login(await gateway.login('alice', 'shop'))
  await client.query('select 1')
  const both = new Set([gateway.port, relay.port])
  // While the kernel still waits for an acknowledgement it shows the timer of that instead.
  let timers = await probed(both)
  for (let tries = 0; timers.size < both.size && tries < 100; tries++) {
    await sleep(20)
    timers = await probed(both)
  }
  assert.deepEqual(timers, both, 'a probe for each side')
  client.close()
})

/** Local or remote ports, of these, whose connections have a timer of keepalive (2) at this process. */
async function probed(ports: ReadonlySet<number>): Promise<ReadonlySet<number>> {
  const found = new Set<number>()
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1)) {
    const [, local = '', remote = '', state = '', , timer = ''] = line.trim().split(/\s+/)
    if (state !== '01' || !timer.startsWith('02:')) continue
    for (const address of [local, remote]) {
      const port = Number.parseInt(address.split(':')[1] ?? '', 16)
      if (ports.has(port)) found.add(port)
    }
  }
  return found
}
