import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compiledPolicies, configOf, type GatewayOptions } from './gateway.ts'
import { credentialsOf } from './gateway-target.ts'
import type { Place } from './wire-client.ts'

/** A gateway in a process of its own, so that it can be killed. */
export interface GatewayProcess extends Place {
  readonly api: Place
  /** Where agents connect; of port 0 where they do not. */
  readonly agents: Place
  readonly http: Place
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
  options: GatewayOptions & { readonly data: string },
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
  ]
  const child = spawn(process.execPath, [...flags, command, 'serve', '--config', file], {
    env: { ...process.env, ...credentialsOf(targets), SLUICE_DATA: data },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let said = ''
  const ready = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      if (/PostgreSQL +\S+:\d+/.test(said)) ready.resolve()
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
    api: placeIn(said, /API +http:\/\/(\S+):(\d+)/),
    agents: placeIn(said, /agents +(\S+):(\d+)/),
    http: placeIn(said, /HTTP +http:\/\/(\S+):(\d+)/),
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

function placeIn(text: string, pattern: RegExp): Place {
  const [, host = '', port = ''] = pattern.exec(text) ?? []
  return { host, port: Number(port) }
}
