import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A process that is measured or that serves what is measured. */
export interface Child {
  readonly pid: number
  /** What the line that made it ready matched. */
  readonly ready: RegExpExecArray
  stop(): Promise<void>
}

export interface ChildOptions {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly account?: { readonly uid: number; readonly gid: number } | null
  /** One line of its output that says that it serves; `s` may span lines. */
  readonly until: RegExp
}

const startMs = 60_000
const stopMs = 15_000

/** Starts it and waits for the words that say it is ready; rejects with its own words when it ends before. */
export async function startChild({ program, args, env, account, until }: ChildOptions): Promise<Child> {
  const child = spawn(program, args, {
    ...account,
    env: { ...env },
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Whatever ends the benchmark, a pipe that nobody reads any more included, ends this too.
  const orphaned = (): void => void child.kill()
  process.once('exit', orphaned)
  child.once('exit', () => process.off('exit', orphaned))
  const stop = (): Promise<void> => stopped(child)
  const said: string[] = []
  const ready = Promise.withResolvers<RegExpExecArray>()
  const hear = (line: string): void => {
    said.push(line)
    if (said.length > 40) said.shift()
    const match = until.exec(said.join('\n'))
    if (match !== null) ready.resolve(match)
  }
  createInterface({ input: child.stdout }).on('line', hear)
  createInterface({ input: child.stderr }).on('line', hear)
  const words = (): string => said.map((line) => `  ${line}`).join('\n')
  child.once('error', ready.reject)
  child.once('exit', (code) => ready.reject(new Error(`${program} ended with ${code}:\n${words()}`)))
  const late = setTimeout(() => ready.reject(new Error(`${program} is not ready:\n${words()}`)), startMs)
  try {
    return { pid: child.pid ?? 0, ready: await ready.promise, stop }
  } catch (error) {
    await stop()
    throw error
  } finally {
    clearTimeout(late)
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const kill = setTimeout(() => child.kill('SIGKILL'), stopMs)
  await exited
  clearTimeout(kill)
}
