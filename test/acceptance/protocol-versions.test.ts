import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { startIdentityProvider } from '@sluice/demo'
import { message, startBackend, startGateway, WireClient, type Gateway } from '../src/index.ts'

/** What a client that asks for a newer version of the protocol gets, and what cancels its statements. */

const policies = fileURLToPath(new URL('policies/detectors', import.meta.url))

suite('versions of the protocol', () => {
  let gateway: Gateway
  const parts = new AsyncDisposableStack()

  before(async () => {
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    const backend = await startBackend()
    parts.defer(() => backend.close())
    gateway = await startGateway({
      provider,
      policies,
      targets: [{ name: 'shop', login: backend.login('postgres'), labels: { detectors: 'card' } }],
    })
    parts.defer(() => gateway.close())
  })
  after(() => parts.disposeAsync())

  /** What was negotiated, and the cancel key. */
  async function started(minor: number): Promise<{ client: WireClient; told: number | null; key: Buffer }> {
    const login = await gateway.login('langchain-reporting', 'shop')
    const client = await WireClient.connect(login)
    const greeting = await client.start({ ...login, protocol: 196_608 + minor })
    assert.equal(greeting.status, 'I', greeting.text)
    const bodyOf = (type: string): Buffer | undefined =>
      greeting.messages.find((each) => each.type === type)?.body
    return { client, told: bodyOf('v')?.readInt32BE(0) ?? null, key: bodyOf('K') ?? Buffer.alloc(0) }
  }

  async function cancel(id: Buffer, secret: Buffer): Promise<void> {
    const canceller = await WireClient.connect(await gateway.login('langchain-reporting', 'shop'))
    canceller.send(message.cancelRequest(id.readInt32BE(0), secret))
    assert.equal((await canceller.end()).bytes.length, 0, 'whether it is right or wrong is not told')
  }

  const asked: readonly (readonly [minor: number, told: number | null, secretBytes: number])[] = [
    [0, null, 4],
    [1, 196_608, 4],
    [2, null, 32],
    [3, 196_610, 32],
    [9_999, 196_610, 32],
  ]
  for (const [minor, negotiated, secretBytes] of asked)
    test(`3.${minor}: its key cancels, and no part or other form of it`, async () => {
      const { client, told, key } = await started(minor)
      assert.equal(told, negotiated)
      const [id, secret] = [key.subarray(0, 4), key.subarray(4)]
      assert.equal(secret.length, secretBytes)
      const wrong = Buffer.from(secret)
      wrong.writeUInt8(wrong.readUInt8(secretBytes - 1) ^ 1, secretBytes - 1)
      client.send(message.query('select pg_sleep(0.6)'))
      await sleep(100)
      for (const other of [
        wrong,
        secret.subarray(0, secretBytes - 1),
        secret.subarray(0, 4).equals(secret)
          ? Buffer.concat([secret, Buffer.alloc(28)])
          : secret.subarray(0, 4),
      ])
        await cancel(id, other)
      const slept = await client.until((messages) => messages.some(({ type }) => type === 'Z'))
      assert.deepEqual(slept.errors, [])

      client.send(message.query('select pg_sleep(30)'))
      await sleep(100)
      await cancel(id, secret)
      const cancelled = await client.until((messages) => messages.some(({ type }) => type === 'Z'))
      assert.equal(cancelled.errors[0]?.code, '57014')
      client.close()
    })
})
