import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import ssh2, { type Client } from 'ssh2'
import {
  openssh,
  WireClient,
  type Backend,
  type GatewayProcess,
  type HttpBackend,
  type Login,
  type Sshd,
} from '../src/index.ts'
import { eventually } from './tunnel-stage.ts'

export type Protocol = 'postgres' | 'http' | 'ssh'

/** Something that would run for a minute. */
export interface Running {
  /** How its client was told of its end. */
  readonly end: Promise<string>
}

/** Callers of a gateway whose targets are `shop`, `api` (slow at `/slow`) and `host`. */
export interface RecoveryCallers {
  /** A session, from its login to its end. Rejects when anything of it fails. */
  session(protocol: Protocol): Promise<void>
  /** Resolves once it runs. */
  running(protocol: Protocol): Promise<Running>
  /** A connection of SSH that stays. */
  connection(): Promise<Kept>
}

export interface Kept {
  /** One more command over it. Rejects with what its caller is told. */
  runs(): Promise<void>
  close(): void
}

export interface Reached {
  /** The one that is there then. */
  readonly gateway: () => GatewayProcess
  readonly token: string
  readonly backend: Backend
  readonly sshd: Sshd
  readonly api: HttpBackend
}

export function recoveryCallers({ gateway, token, backend, sshd, api }: Reached): RecoveryCallers {
  let commands = 0
  const slow = (): number => api.requests.filter(({ address }) => address.endsWith('/slow')).length
  const login = (): Login => {
    const { host, port } = gateway()
    return { host, port, user: 'alice', password: token, database: 'shop' }
  }
  const get = (path: string): Promise<Response> => {
    const { host, port } = gateway().http
    const headers = { 'x-sluice-authorization': `Bearer ${token}`, connection: 'close' }
    return fetch(`http://${host}:${port}/api${path}`, { headers })
  }

  async function connected(): Promise<Client> {
    const client = new ssh2.Client()
    const ready = once(client, 'ready')
    const { host, port } = gateway().ssh
    client.connect({ host, port, username: 'host', password: token, hostVerifier: () => true })
    await ready
    return client.on('error', () => {})
  }

  const sessions = {
    async postgres() {
      const client = await WireClient.login(login())
      try {
        const answer = await client.query('select 41 + 1')
        assert.deepEqual(answer.rows, [['42']], answer.text)
      } finally {
        client.close()
      }
    },
    async http() {
      const answer = await get('/quick')
      const text = await answer.text()
      assert.equal(answer.status, 200, text)
    },
    async ssh() {
      const client = await connected()
      try {
        await ran(client, 'echo 42')
      } finally {
        client.end()
      }
    },
  } as const satisfies Record<Protocol, () => Promise<void>>

  const runs = {
    async postgres() {
      const client = await WireClient.login(login())
      const asleep = async (): Promise<string | null | undefined> => {
        const sql = `select count(*) from pg_stat_activity where state = 'active' and query = 'select pg_sleep(60)'`
        return (await backend.run('postgres', sql)).rows[0]?.[0]
      }
      const before = Number(await asleep())
      const end = client.query('select pg_sleep(60)').then(({ closed, errors }) => {
        client.close()
        return [...errors.map(({ code }) => code), ...(closed ? ['closed'] : [])].join(' ')
      })
      await eventually(async () => Number(await asleep()) === before + 1)
      return { end }
    },
    async http() {
      const before = slow()
      const end = get('/slow').then(
        async (answer) => `${answer.status} ${await answer.text()}`,
        (error: unknown) => `cut ${String(error)}`,
      )
      await eventually(() => slow() === before + 1)
      return { end }
    },
    async ssh() {
      const door = { ...gateway().ssh, user: 'host', token }
      const begun = join(sshd.home, `begun-${commands++}`)
      const end = openssh(door, `echo begun; sleep 0.5; touch ${begun}; sleep 60`, { input: null })
      await eventually(() => existsSync(begun))
      return { end: end.then(({ status, stdout, stderr }) => `${status} ${stdout}${stderr}`) }
    },
  } as const satisfies Record<Protocol, () => Promise<Running>>

  return {
    session: (protocol) => sessions[protocol](),
    running: (protocol) => runs[protocol](),
    async connection() {
      const client = await connected()
      await ran(client, 'echo 42')
      return { runs: () => ran(client, 'echo 42'), close: () => void client.end() }
    },
  }
}

async function ran(client: Client, command: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  client.once('close', () => reject(new Error('the connection was closed')))
  client.exec(command, (error, channel) => {
    if (error !== undefined) return reject(error)
    let [said, status] = ['', -1]
    channel.on('data', (bytes: Buffer) => (said += bytes.toString()))
    channel.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()))
    channel.on('exit', (code: number) => (status = code))
    channel.on('close', () =>
      status === 0 && said === '42\n' ? resolve() : reject(new Error(`${status} ${said}`)),
    )
  })
  await promise
}
