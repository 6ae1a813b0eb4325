import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'

const lastWordsMs = 5_000

export interface RunOptions {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** After which it has failed, in milliseconds: what it left open would hold everything up for ever. */
  readonly withinMs: number
  /** A file for all it says; on our own screen, as it comes, when this is not given. */
  readonly output?: string
}

/** A command that runs, in a process group of its own: whatever it started and did not stop is in it. */
export class Running {
  readonly #child: ChildProcess
  readonly #output: string | undefined
  /** Never rejects. */
  readonly ended: Promise<{ readonly passed: boolean; readonly seconds: number }>
  /** Why it failed, beside what it said itself. */
  #why = ''

  constructor([file, ...args]: readonly [string, ...string[]], options: RunOptions) {
    const { cwd, env, withinMs, output } = options
    this.#output = output
    if (output !== undefined) mkdirSync(dirname(output), { recursive: true })
    // A file, not a pipe: what a suite leaves behind may hold a pipe open for ever, and nobody has to read along.
    const said = output === undefined ? 'inherit' : openSync(output, 'w')
    this.#child = spawn(file, args, { cwd, env, stdio: ['ignore', said, said], detached: true })
    if (typeof said === 'number') closeSync(said)
    const started = performance.now()
    let killed: NodeJS.Timeout | undefined
    const late = setTimeout(() => {
      this.#why = `not at its end after ${withinMs / 60_000} minutes: it is stopped\n`
      // The runner of tests says then what has failed so far, and what it is at.
      this.end('SIGINT')
      killed = setTimeout(() => this.end('SIGKILL'), lastWordsMs)
    }, withinMs)
    const code = new Promise<number | null>((resolve) => {
      this.#child.once('exit', resolve).once('error', (error) => {
        this.#why = `${error.message}\n`
        resolve(null)
      })
    })
    this.ended = code.then((exit) => {
      clearTimeout(late)
      clearTimeout(killed)
      // What it started may take no notice of a signal that it does.
      if (this.#why !== '') this.end('SIGKILL')
      return { passed: exit === 0, seconds: (performance.now() - started) / 1000 }
    })
  }

  /** What it has said so far, as far as it is not on the screen yet. */
  said(): string {
    return (this.#output === undefined ? '' : readFileSync(this.#output, 'utf8')) + this.#why
  }

  /** To all that is in its process group. */
  end(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, signal)
    } catch {
      // It ended by itself.
    }
  }
}
