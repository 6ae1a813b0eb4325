import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { systemClock, type Address, type Clock, type Gate } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { message, selfSigned, startBackend, type Backend, type Certificate } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'
import { Listeners } from '../../engine/cli/src/listeners.ts'

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))
/** They are looked at every five seconds. */
const lookMs = 5_000
const renewedMs = 60_000
const leaveMs = 4_000
const first = selfSigned('localhost')
const second = selfSigned('localhost')

/** Files that are written in place, as whoever issues certificates does. */
class Files implements AsyncDisposable {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<Files> {
    return new Files(await mkdtemp(join(tmpdir(), 'sluice-certificates-')))
  }

  async write({ cert, key }: Partial<Certificate>): Promise<void> {
    if (cert !== undefined) await writeFile(join(this.folder, 'tls.cert'), cert)
    if (key !== undefined) await writeFile(join(this.folder, 'tls.key'), key)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true })
  }
}

const protocols = ['postgres', 'http'] as const

async function connected(protocol: (typeof protocols)[number], { host, port }: Address): Promise<TLSSocket> {
  const plain = connectPlain({ host, port })
  await once(plain, 'connect')
  if (protocol === 'postgres') {
    plain.write(message.sslRequest)
    assert.equal(String(((await once(plain, 'data')) as [Buffer])[0]), 'S')
  }
  const secured = connect({ socket: plain, rejectUnauthorized: false })
  await once(secured, 'secureConnect')
  return secured
}

/** By every listener. */
async function shown(at: Readonly<Record<(typeof protocols)[number], Address>>): Promise<readonly string[]> {
  const certificates: string[] = []
  for (const protocol of protocols) {
    const socket = await connected(protocol, at[protocol])
    certificates.push(socket.getPeerX509Certificate()?.toString().trim() ?? '')
    // The server may not have heard of the end of the handshake yet.
    await once(socket.end(), 'close')
  }
  return certificates
}

const stays = 'the new certificate cannot be used; the old one stays'
/** Nobody logs in: what is asked for here comes before that. */
const nobody: Gate<unknown> = {
  open: () => Promise.reject(new Error('nobody logs in')),
  refused() {},
  verifier: () => undefined,
  targets: () => [],
  cancel() {},
  changed() {},
  onChanged() {},
  patterns: [],
  recognisers: [],
}

const twice = ({ cert }: Certificate): readonly string[] => [cert.trim(), cert.trim()]

suite('a certificate of which files say something else', () => {
  let files: Files
  let listeners: Listeners
  let at: Readonly<Record<(typeof protocols)[number], Address>>
  const told: string[] = []
  let waiting: (() => void)[] = []

  /** The time is ours: what the listeners wait for comes when a test says so. */
  const clock: Clock = {
    ...systemClock,
    after(ms, callback) {
      assert.ok(ms <= lookMs, `files are looked at after ${ms} ms`)
      waiting.push(callback)
      return { [Symbol.dispose]: () => void (waiting = waiting.filter((each) => each !== callback)) }
    },
  }

  /** Lets every listener look at its files once, and resolves when they have; what was told then. */
  async function looked(): Promise<readonly string[]> {
    const before = told.length
    const due = waiting
    assert.equal(due.length, protocols.length)
    waiting = []
    for (const look of due) look()
    while (waiting.length < due.length) await new Promise(setImmediate)
    return told.slice(before)
  }

  before(async () => {
    files = await Files.create()
    await files.write(first)
    listeners = new Listeners()
    const on = { address: { host: '127.0.0.1', port: 0 }, tls: { cert: 'tls.cert', key: 'tls.key' } }
    const report = (what: string): void => void told.push(what)
    const host = { privateKey: '', certificate: () => '' }
    const ports = { base: files.folder, clock, report, host }
    await listeners.open({ postgres: on, http: on, ssh: null }, nobody, ports)
    const of = (protocol: string): Address => listeners.get(protocol)?.address ?? on.address
    at = { postgres: of('postgres'), http: of('http') }
  })
  after(async () => {
    listeners[Symbol.dispose]()
    await listeners.close()
    await files[Symbol.asyncDispose]()
  })

  for (const half of ['cert', 'key'] as const)
    test(`is not shown while its ${half} has been emptied to be written anew, which is told once`, async () => {
      await files.write({ ...first, [half]: '' })
      assert.deepEqual(await looked(), [], 'the first look may be in the middle of it')
      assert.deepEqual(await shown(at), twice(first))
      assert.deepEqual(await looked(), [stays, stays])
      assert.deepEqual(await looked(), [])
      assert.deepEqual(await shown(at), twice(first))
      await files.write(first)
      assert.deepEqual(await looked(), [])
      assert.deepEqual(await shown(at), twice(first))
    })

  test('is not shown while only one of its files is there, which is told once', async () => {
    await files.write({ cert: second.cert })
    assert.deepEqual(await looked(), [])
    assert.deepEqual(await looked(), [stays, stays])
    assert.deepEqual(await looked(), [])
    assert.deepEqual(await shown(at), twice(first))
  })

  test('is shown once the other one is there', async () => {
    await files.write({ key: second.key })
    assert.deepEqual(await looked(), [])
    assert.deepEqual(await shown(at), twice(second))
  })

  test('and nothing is looked at any more when the gateway ends', async () => {
    listeners[Symbol.dispose]()
    assert.equal(waiting.length, 0)
    await files.write(first)
    assert.deepEqual(await shown(at), twice(second))
  })
})

suite('a certificate that is renewed in place', () => {
  let files: Files
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway

  before(async () => {
    files = await Files.create()
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    gateway = await startGateway({
      provider,
      policies: allowAll,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
      tls: first,
      data: files.folder,
    })
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
    await files?.[Symbol.asyncDispose]()
  })

  test('is not waited for where a client leaves in the middle of the handshake', async () => {
    const leaver = connectPlain({ host: gateway.host, port: gateway.port })
    leaver.write(message.sslRequest)
    assert.equal(String(((await once(leaver, 'data')) as [Buffer])[0]), 'S')
    leaver.end()
    // Else the gateway ends it only after the time that anybody has to log in.
    await once(leaver, 'close', { signal: AbortSignal.timeout(leaveMs) })
  })

  test('is shown to who comes then, and who is there stays', async () => {
    const at = { postgres: gateway, http: gateway.http }
    assert.deepEqual(await shown(at), twice(first))
    const there = await connected('http', gateway.http)
    await files.write(second)
    const late = performance.now() + renewedMs
    while (!(await shown(at)).every((cert) => cert === second.cert.trim())) {
      assert.ok(performance.now() < late, 'it does not come')
      await sleep(200)
    }
    there.write('GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert.match(String(((await once(there, 'data')) as [Buffer])[0]), /^HTTP\/1\.1 401 /)
    there.destroy()
    assert.deepEqual(
      gateway.reports.filter((line) => line.includes(stays)),
      [],
    )
  })
})
