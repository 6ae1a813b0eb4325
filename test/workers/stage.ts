import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { demoToken, type DemoSubject, type IdentityProvider } from '@sluice/demo'
import { WireClient, type GatewayProcess, type Login, type Place } from '../src/index.ts'

/** How many of the system's connections to a port each process holds, by what the kernel says. */
async function connectionsOf(pid: number, { port }: Place): Promise<ReadonlySet<number>> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const table = (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1)
  const peers = new Map(
    table
      .map((line) => line.trim().split(/\s+/))
      .filter(([, here = '', , state]) => here.endsWith(local) && state === '01')
      .map((cells) => [cells[9] ?? '', Number.parseInt((cells[2] ?? '').split(':')[1] ?? '', 16)]),
  )
  const found = new Set<number>()
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
    const peer = peers.get(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '')
    if (peer !== undefined) found.add(peer)
  }
  return found
}

/** The workers of a gateway, oldest first. */
export async function workersOf({ pid }: Pick<GatewayProcess, 'pid'>): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const pids = children.trim().split(/\s+/).filter(Boolean).map(Number)
  const isWorker = await Promise.all(
    pids.map(async (each) => {
      const line = await readFile(`/proc/${each}/cmdline`, 'utf8').catch(() => '')
      return line.includes('workers/main.ts')
    }),
  )
  return pids.filter((_, nth) => isWorker[nth])
}

/** One that nobody has buried yet is not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')))
  } catch {
    return false
  }
}

export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  ms = 60_000,
): Promise<void> {
  const late = performance.now() + ms
  while (!(await holds())) {
    assert.ok(performance.now() < late, `it never came to that: ${what}`)
    await sleep(100)
  }
}

export interface Seated {
  readonly client: WireClient
  /** The process that serves it. */
  readonly worker: number
  /** What cancels what it runs. */
  readonly key: Buffer
}

/** Logs in, and finds out where. */
export async function seated(gateway: GatewayProcess, login: Login): Promise<Seated> {
  const client = await WireClient.connect(login)
  const greeting = await client.start(login)
  assert.equal(greeting.status, 'I', greeting.text)
  const key = greeting.messages.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(8)
  for (const worker of await workersOf(gateway))
    if ((await connectionsOf(worker, gateway)).has(client.localPort)) return { client, worker, key }
  throw new Error('no worker has the connection')
}

/** One connection in each of two workers. */
export async function oneInEach(gateway: GatewayProcess, login: Login): Promise<readonly [Seated, Seated]> {
  const first = await seated(gateway, login)
  for (;;) {
    const other = await seated(gateway, login)
    if (other.worker !== first.worker) return [first, other]
    other.client.close()
  }
}

export interface Caller {
  get<Body>(path: string): Promise<Body>
  /** As it is, e.g. one JSON value a line. */
  text(path: string): Promise<string>
  post(path: string, body: object): Promise<Response>
  remove(path: string): Promise<Response>
}

/** A subject at the API. */
export async function callerAt(
  { api }: GatewayProcess,
  provider: IdentityProvider,
  subject: DemoSubject,
): Promise<Caller> {
  const authorization = `Bearer ${await demoToken(provider, subject)}`
  const url = (path: string): string => `http://${api.host}:${api.port}${path}`
  return {
    get: async <Body>(path: string) => {
      const response = await fetch(url(path), { headers: { authorization } })
      return (await response.json()) as Body
    },
    text: async (path) => (await fetch(url(path), { headers: { authorization } })).text(),
    remove: (path) => fetch(url(path), { method: 'DELETE', headers: { authorization } }),
    post: (path, body) =>
      fetch(url(path), {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}
