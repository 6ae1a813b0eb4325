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
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { message, selfSigned, startBackend, type Backend, type Certificate } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))
/** They are looked at every five seconds. */
const renewedMs = 20_000
const protocols = ['postgres', 'http'] as const

suite('a certificate that is renewed in place', () => {
  const first = selfSigned('localhost')
  const second = selfSigned('localhost')
  let folder: string
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-certificates-'))
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    gateway = await startGateway({
      provider,
      policies: allowAll,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
      tls: first,
      data: folder,
    })
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function connected(protocol: (typeof protocols)[number]): Promise<TLSSocket> {
    const { host, port } = protocol === 'http' ? gateway.http : gateway
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

  /** Of every listener. */
  async function shown(): Promise<readonly string[]> {
    const certificates: string[] = []
    for (const protocol of protocols) {
      const socket = await connected(protocol)
      certificates.push(socket.getPeerX509Certificate()?.toString().trim() ?? '')
      socket.destroy()
    }
    return certificates
  }

  async function write({ cert, key }: Partial<Certificate>): Promise<void> {
    if (cert !== undefined) await writeFile(join(folder, 'tls.cert'), cert)
    if (key !== undefined) await writeFile(join(folder, 'tls.key'), key)
  }

  async function until(isReached: () => boolean | Promise<boolean>): Promise<void> {
    const late = performance.now() + renewedMs
    while (!(await isReached())) {
      assert.ok(performance.now() < late, 'it does not come')
      await sleep(200)
    }
  }

  const told = (): number => gateway.reports.filter((line) => line.includes('the old one stays')).length

  for (const half of ['cert', 'key'] as const)
    test(`is not shown while its ${half} has been emptied to be written anew, which is told`, async () => {
      assert.deepEqual(await shown(), [first.cert.trim(), first.cert.trim()])
      const before = told()
      await write({ ...first, [half]: '' })
      await until(() => told() >= before + 2)
      assert.deepEqual(await shown(), [first.cert.trim(), first.cert.trim()])
      await write(first)
      await sleep(6_000)
    })

  test('is not shown while only one of its files is there, which is told', async () => {
    const before = told()
    await write({ cert: second.cert })
    await until(() => told() >= before + 2)
    assert.deepEqual(await shown(), [first.cert.trim(), first.cert.trim()])
  })

  test('is shown to who comes then, and who is there stays', async () => {
    const there = await connected('http')
    const before = told()
    await write({ key: second.key })
    await until(async () => (await shown()).every((cert) => cert === second.cert.trim()))
    there.write('GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert.match(String(((await once(there, 'data')) as [Buffer])[0]), /^HTTP\/1\.1 401 /)
    there.destroy()
    assert.equal(told(), before)
  })
})
