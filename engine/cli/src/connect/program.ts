import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Io } from '../command.ts'

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGWINCH'] as const

/**
 * Runs it with these variables laid over the environment (`null`: taken out), on the same terminal, and hands on
 * the signals that come. Resolves with its exit code, or 128 + the signal that ended it, as shells say it.
 */
export async function runProgram(
  [command, ...args]: readonly [string, ...string[]],
  variables: Readonly<Record<string, string | null>>,
  env: Io['env'],
): Promise<number> {
  const laid = Object.entries({ ...env, ...variables }).filter(([, value]) => value !== null)
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: Object.fromEntries(laid) as Record<string, string | undefined>,
  })
  const hand = (signal: NodeJS.Signals): void => {
    // A terminal tells everybody in the foreground by itself.
    if ((signal === 'SIGINT' || signal === 'SIGQUIT') && process.stdin.isTTY) return
    child.kill(signal)
  }
  for (const signal of forwarded) process.on(signal, hand)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`${command} cannot be run: ${error.message}`)))
      child.once('exit', (code, signal) =>
        resolve(code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0)),
      )
    })
  } finally {
    for (const signal of forwarded) process.off(signal, hand)
  }
}
