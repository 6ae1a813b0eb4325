import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import ssh2, { type AuthContext, type Connection } from 'ssh2'
import { Refused, type Credential } from '@sluice/core'
import { sshTarget } from './target.ts'
import { Upstream } from './upstream.ts'

interface Host extends AsyncDisposable {
  readonly port: number
  readonly hostKey: string
  /** Who tried to log in, in order. */
  readonly logins: readonly string[]
  readonly connections: readonly Connection[]
}

/** Lets in whoever it is asked about. */
async function startHost(answer: (context: AuthContext, connection: Connection) => void): Promise<Host> {
  const { private: key, public: hostKey } = ssh2.utils.generateKeyPairSync('ed25519')
  const [logins, connections]: [string[], Connection[]] = [[], []]
  const server = new ssh2.Server({ hostKeys: [key] }, (connection) => {
    connections.push(connection)
    connection.on('error', () => {})
    connection.on('authentication', (context) => {
      if (context.method === 'none') return context.reject()
      logins.push(context.username)
      answer(context, connection)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    for (const connection of connections) connection.end()
    const closed = once(server, 'close')
    server.close()
    await closed
  }
  return { port, hostKey, logins, connections, [Symbol.asyncDispose]: close }
}

interface Logins {
  readonly logins?: readonly string[]
  /** Behind agents. */
  readonly via?: string
}

function upstreamOf(
  { port, hostKey }: Host,
  credential: () => Credential,
  { logins = [], via }: Logins = {},
): Upstream {
  const address = { host: '127.0.0.1', port }
  const settings = sshTarget.parse({ host_key: hostKey, logins: [...logins] })
  const dial = async () => {
    const socket = connect(address)
    await once(socket, 'connect')
    return socket
  }
  const target = { name: 'host', protocol: 'ssh', labels: {}, address, settings, ...(via && { via }) }
  const reach = { target, dial, credential: async () => credential(), now: () => Date.now() }
  return new Upstream(reach, 'a test')
}

function refused(rule: string): (error: unknown) => boolean {
  return (error) => error instanceof Refused && error.refusal.rule === rule
}

const app: Credential = { user: 'app', password: 'good' }

suite('a connection to a host that is made anew', () => {
  test('is under the name that was judged, or not made', async () => {
    await using host = await startHost((context) => context.accept())
    let credential = app
    const upstream = upstreamOf(host, () => credential)
    assert.equal(await upstream.logInAs(null), 'app')
    const gone = once(await upstream.connect(), 'close')
    host.connections[0]?.end()
    await gone
    credential = { user: 'root', password: 'good' }
    await assert.rejects(upstream.connect(), refused('ssh/login_changed'))
    assert.deepEqual(host.logins, ['app'])
    upstream.close()
  })

  test('stays under a name that is open to callers', async () => {
    await using host = await startHost((context) => context.accept())
    let credential = app
    const upstream = upstreamOf(host, () => credential, { logins: ['deploy'] })
    assert.equal(await upstream.logInAs('deploy'), 'deploy')
    const gone = once(await upstream.connect(), 'close')
    host.connections[0]?.end()
    await gone
    credential = { user: 'root', password: 'good' }
    await upstream.connect()
    assert.deepEqual(host.logins, ['deploy', 'deploy'])
    upstream.close()
  })
})

for (const reason of [14, 2])
  test(`a login is not tried again where the host hangs up at the first failure, saying ${reason}`, async () => {
    await using host = await startHost((_context, connection) => {
      const { _protocol } = connection as unknown as { _protocol: { disconnect(reason: number): void } }
      _protocol.disconnect(reason)
      connection.end()
    })
    const upstream = upstreamOf(host, () => app, { via: 'agents' })
    await upstream.logInAs(null)
    for (let asks = 0; asks < 3; asks++) await assert.rejects(upstream.connect(), refused('ssh/credential'))
    assert.deepEqual(host.logins, ['app'])
    upstream.close()
  })
