import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { demoToken, type IdentityProvider } from '@sluice/demo'
import type { Place } from './wire-client.ts'

/** An agent in a process of its own, as an operator starts it. */
export interface AgentProcess {
  /** As a crash would. */
  kill(): Promise<void>
  /** As a machine that sleeps. */
  pause(): void
  resume(): void
  /** As an operator would. */
  stop(): Promise<void>
  said(): string
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>
}

export interface AgentProcessOptions {
  readonly gateways: readonly Place[]
  readonly allow: readonly string[]
  /** A folder that outlives it. */
  readonly state: string
  readonly token?: string
}

const command = fileURLToPath(new URL('../../engine/cli/src/main.ts', import.meta.url))
const startWithinMs = 30_000

/** Resolves once it is connected, or has ended. */
export async function startAgentProcess(options: AgentProcessOptions): Promise<AgentProcess> {
  const { gateways, allow, state, token } = options
  const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning']
  const places = gateways.flatMap(({ host, port }) => ['--gateway', `${host}:${port}`])
  const list = allow.flatMap((each) => ['--allow', each])
  const child = spawn(process.execPath, [...flags, command, 'agent', ...places, ...list, '--state', state], {
    env: { ...process.env, ...(token === undefined ? {} : { SLUICE_AGENT_TOKEN: token }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  let said = ''
  const ready = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      if (said.includes(': connected to ')) ready.resolve()
    })
  const late = setTimeout(() => ready.reject(new Error(`the agent does not connect: ${said}`)), startWithinMs)
  try {
    await Promise.race([ready.promise, ended])
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(late)
  }
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    child.kill(name)
    await ended
  }
  return {
    kill: () => signal('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: () => signal('SIGTERM'),
    said: () => said,
    ended,
  }
}

/** A token with which one agent enrols under that name, as an admin has it made. */
export async function enrolmentToken(
  { host, port }: Place,
  provider: IdentityProvider,
  name: string,
): Promise<string> {
  const answer = await fetch(`http://${host}:${port}/v1/agents`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await demoToken(provider, 'carol')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ name }),
  })
  if (answer.status !== 200) throw new Error(`no token for an agent: ${await answer.text()}`)
  return ((await answer.json()) as { readonly token: string }).token
}
