import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:tls'
import { startIdentityProvider } from '@sluice/demo'
import { request, selfSigned, startGateway } from '../../src/index.ts'
import { startApi } from './api.ts'
import { policies } from './stage.ts'

/** Targets with host names of their own, over TLS. */
const provider = await startIdentityProvider({ port: 0 })
const api = await startApi()
const gateway = await startGateway({
  provider,
  policies,
  tls: selfSigned('gateway.example'),
  targets: [
    { name: 'one', http: api, settings: { hosts: ['one.example'] } },
    { name: 'two', http: api, settings: { hosts: ['two.example'] } },
  ],
})
after(async () => {
  await gateway.close()
  await api.close()
  await provider.close()
})
const token = await gateway.token('langchain-reporting')

interface Call {
  readonly servername?: string
  readonly host: string
  readonly path: string
}

async function ask({ servername, host, path }: Call): Promise<string> {
  const socket = connect({
    ...gateway.http,
    rejectUnauthorized: false,
    ...(servername === undefined ? {} : { servername }),
  })
  await once(socket, 'secureConnect')
  const fields = { host, 'x-sluice-authorization': `Bearer ${token}`, connection: 'close' }
  socket.write(request('GET', path, fields))
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

async function targetsOpened(): Promise<readonly string[]> {
  return (await gateway.events()).flatMap(({ type, data }) =>
    type === 'SessionOpened'
      ? [(JSON.parse(JSON.stringify(data)) as { readonly target: string }).target]
      : [],
  )
}

suite('a target is reached', () => {
  test('by its host name, with or without a port and a name in TLS', async () => {
    for (const call of [
      { servername: 'one.example', host: 'one.example' },
      { servername: 'One.Example', host: 'ONE.example:8443' },
      { host: 'one.example.' },
    ]) {
      const answer = await ask({ ...call, path: '/one/json' })
      assert.match(answer, /^HTTP\/1\.1 200 /)
      assert.match(answer, /"at":"\/one\/json"/)
    }
    assert.deepEqual(await targetsOpened(), ['one'])
  })

  test('by its path where the host is nobody’s', async () => {
    for (const servername of ['gateway.example', 'balancer.example', undefined])
      assert.match(
        await ask({
          ...(servername === undefined ? {} : { servername }),
          host: 'gateway.example',
          path: '/two/at',
        }),
        /"at":"\/at"/,
      )
    assert.deepEqual(await targetsOpened(), ['one', 'two'])
  })

  test('and by no name of another one', async () => {
    const before = api.requests.length
    for (const call of [
      { servername: 'one.example', host: 'two.example', path: '/a' },
      { servername: 'one.example', host: 'gateway.example', path: '/two/a' },
      { servername: 'gateway.example', host: 'two.example', path: '/a' },
    ]) {
      const answer = await ask(call)
      assert.match(answer, /^HTTP\/1\.1 421 /)
      assert.match(answer, /"rule":"http\/host"/)
    }
    assert.equal(api.requests.length, before)
  })
})
