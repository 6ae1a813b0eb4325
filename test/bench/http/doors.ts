import { mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startChild, type Child } from '../child.ts'
import { findOrInstall } from '../../src/program.ts'
import { serve } from '../serve.ts'
import { large, showsNothing, small } from './content.ts'
import type { Door } from './door.ts'
import { startHaproxy } from './haproxy.ts'
import { startReverseProxy, startStaticOrigin } from './nginx.ts'

/** Everything that is compared, all of it running over one origin. */
export interface Doors extends AsyncDisposable {
  readonly doors: readonly Door[]
  /** The gateway with masks on `files`; `null` where it cannot mask them. */
  readonly masking: Door | null
}

export interface DoorOptions {
  /** `files` are served by nginx where there is one; `events` come from a program of its own. */
  readonly origin: 'files' | 'events'
  readonly folder: string
  /** Where programs are looked for. */
  readonly path: string
  /** Options for the runtime of the gateway. */
  readonly flags: readonly string[]
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Each door has answered with what the origin holds when this resolves. */
export async function openDoors({ origin: kind, folder, path, flags }: DoorOptions): Promise<Doors> {
  await using parts = new AsyncDisposableStack()
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const nginx = await found('nginx', path)
  const haproxy = await found('haproxy', path)
  const program = async (file: string, ...args: readonly string[]): Promise<Child & { port: number }> => {
    const child = await startNode(file, args)
    parts.defer(() => child.stop())
    return { ...child, port: Number(child.ready[1]) }
  }
  const origin =
    kind === 'files' && nginx !== null
      ? parts.use(await startStaticOrigin(nginx, folder))
      : await program('origin.ts')

  const doors = [doorTo('direct', origin.port, null), doorTo('direct2', origin.port, null)]
  const add = (name: string, { port, pid }: { readonly port: number; readonly pid: number }): void => {
    doors.push(doorTo(name, port, pid))
  }
  if (nginx !== null) add('nginx', parts.use(await startReverseProxy(nginx, folder, origin.port)))
  if (haproxy !== null) add('haproxy', parts.use(await startHaproxy(haproxy, folder, origin.port)))
  add('bare', await program('bare.ts', String(origin.port)))
  const gateway = await startGateway(folder, origin.port, flags)
  parts.use(gateway)
  doors.push(gateway.open)

  for (const door of doors) await expectContent(door)
  const masking = kind === 'files' && (await canMask(gateway.masking)) ? gateway.masking : null
  const all = parts.move()
  return { doors, masking, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

async function found(name: string, path: string): Promise<string | null> {
  const program = await findOrInstall(name, path)
  if (program === null)
    console.error(`no ${name} on this machine, so no row (Debian: apt-get install ${name})`)
  return program
}

function startNode(file: string, args: readonly string[]): Promise<Child> {
  return startChild({
    program: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', here(file), ...args],
    until: /listening on (\d+)/,
  })
}

function doorTo(name: string, port: number, pid: number | null): Door {
  return { name, base: `http://127.0.0.1:${port}`, headers: {}, pid }
}

interface Gateway extends AsyncDisposable {
  readonly open: Door
  readonly masking: Door
}

/** Two targets of one origin, by the masks that `policies/bench.rego` gives to each label. */
async function startGateway(folder: string, origin: number, flags: readonly string[]): Promise<Gateway> {
  const target = (name: string, mask: string): object => ({
    name,
    protocol: 'http',
    address: `127.0.0.1:${origin}`,
    tls: 'disable',
    authentication: 'bearer',
    credential: { password: { env: 'BENCH_KEY' } },
    labels: { mask },
  })
  const gateway = await serve({
    folder,
    config: {
      listen: { http: '127.0.0.1:0' },
      policies: { path: here('policies') },
      targets: [target('bench', 'none'), target('bench-masked', 'json')],
    },
    variables: { BENCH_KEY: 'a-key-that-only-the-gateway-has' },
    listener: String.raw`HTTP +http://127\.0\.0\.1:(?<port>\d+)`,
    flags,
  })
  const door = (name: string, prefix: string): Door => ({
    name,
    base: `http://127.0.0.1:${gateway.ready.groups?.['port']}/${prefix}`,
    get headers() {
      return { 'x-sluice-authorization': `Bearer ${gateway.token()}` }
    },
    pid: gateway.pid,
  })
  return {
    open: door('sluice', 'bench'),
    masking: door('sluice masks', 'bench-masked'),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

/** What answers with anything else is not compared. */
async function expectContent(door: Door): Promise<void> {
  for (const { path, text } of [small, large]) {
    const answer = await answerOf(door, path)
    if (answer.status !== 200 || answer.text !== text)
      throw new Error(`${door.name} answers ${path} with ${answer.status}: ${answer.text.slice(0, 500)}`)
  }
}

async function canMask(door: Door): Promise<boolean> {
  const { status, text } = await answerOf(door, large.path)
  if (status !== 200) {
    console.error(`no row with masks: ${status} ${text.slice(0, 400)}`)
    return false
  }
  if (!showsNothing(text)) throw new Error('the gateway shows what it was to mask')
  return true
}

interface Answered {
  readonly status: number
  readonly text: string
}

const attempts = 40
const againMs = 50

/** Not every program says when its port is open. */
async function answerOf({ base, headers }: Door, path: string): Promise<Answered> {
  for (let left = attempts; ; left--) {
    try {
      const response = await fetch(base + path, { headers })
      return { status: response.status, text: await response.text() }
    } catch (error) {
      if (left === 0) throw error
      await sleep(againMs)
    }
  }
}
