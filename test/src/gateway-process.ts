import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { compiledPolicies, configOf, type GatewayOptions } from './gateway.ts'
import { credentialsOf } from './gateway-target.ts'
import type { Place } from './wire-client.ts'

/** A gateway in a process of its own, so that it can be killed. */
export interface GatewayProcess extends Place {
  readonly pid: number
  readonly api: Place
  /** Where agents connect; of port 0 where they do not. */
  readonly agents: Place
  readonly http: Place
  readonly ssh: Place
  /** Where its metrics are. */
  readonly metrics: Place
  /** Writes what is reachable in its heap into a file of its data, after a collection of what is not; the file. */
  heap(): Promise<string>
  /** As a crash would: nothing of it runs on. */
  kill(): Promise<void>
  /** As a machine that sleeps. */
  pause(): void
  resume(): void
  /** What it has said, and its exit code once it has ended. */
  said(): string
  readonly ended: Promise<number | null>
  /** As an operator would. */
  stop(): Promise<void>
}

const command = fileURLToPath(new URL('../../engine/cli/src/main.ts', import.meta.url))
const startWithinMs = 60_000

/** `data` outlives it: the next one goes on with its log and keys. */
export async function startGatewayProcess(
  options: GatewayOptions & {
    readonly data: string
    /** In as many processes of its own; in one when it is not given. */
    readonly workers?: number
  },
): Promise<GatewayProcess> {
  const { data, targets } = options
  await mkdir(compiledPolicies, { recursive: true, mode: 0o700 })
  await symlink(compiledPolicies, join(data, 'policies')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const file = join(data, 'sluice.yaml')
  await writeFile(file, JSON.stringify(configOf(options)))
  const flags = [
    '--conditions=source',
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=TimeoutNegativeWarning',
    '--heapsnapshot-signal=SIGUSR2',
    `--diagnostic-dir=${data}`,
  ]
  const workers = options.workers === undefined ? [] : ['--workers', `${options.workers}`]
  const child = spawn(process.execPath, [...flags, command, 'serve', '--config', file, ...workers], {
    env: { ...process.env, ...credentialsOf(targets), SLUICE_DATA: data },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let said = ''
  const ready = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      if (/PostgreSQL +\S+:\d+/.test(said) && /policy +\w+/.test(said)) ready.resolve()
    })
  const late = setTimeout(() => ready.reject(new Error(`it does not start: ${said}`)), startWithinMs)
  void ended.then(() => ready.reject(new Error(`it has ended: ${said}`)))
  try {
    await ready.promise
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(late)
  }
  return {
    ...placeIn(said, /PostgreSQL +(\S+):(\d+)/),
    pid: child.pid ?? 0,
    metrics: placeIn(said, /metrics +http:\/\/(\S+):(\d+)/),
    api: placeIn(said, /API +http:\/\/(\S+):(\d+)/),
    agents: placeIn(said, /agents +(\S+):(\d+)/),
    http: placeIn(said, /HTTP +http:\/\/(\S+):(\d+)/),
    ssh: placeIn(said, /SSH +(\S+):(\d+)/),
    async heap() {
      const before = new Set(await readdir(data))
      child.kill('SIGUSR2')
      for (;;) {
        const name = (await readdir(data)).find((one) => one.endsWith('.heapsnapshot') && !before.has(one))
        if (name !== undefined && (await isWhole(join(data, name)))) return join(data, name)
        await sleep(100)
      }
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    said: () => said,
    ended: ended.then(([code]) => code as number | null),
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** It is one JSON object, which is written piece by piece. */
async function isWhole(file: string): Promise<boolean> {
  await using handle = await open(file)
  const { size } = await handle.stat()
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4))
  return /\]\s*\}\s*$/.test(buffer.toString())
}

function placeIn(text: string, pattern: RegExp): Place {
  const [, host = '', port = ''] = pattern.exec(text) ?? []
  return { host, port: Number(port) }
}
