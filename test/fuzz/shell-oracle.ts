import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a shell really ran of a command line: programs with their arguments, and the files that it made. */
export interface Ran {
  readonly programs: readonly (readonly string[])[]
  readonly files: readonly string[]
  readonly status: number | null
}

/** Writes its name, the number of its arguments and these, each ended by NUL, in one go. */
const recorder = `#!/bin/sh
printf '%s\\0' "\${0##*/}" "$#" "$@" >> "$RECORD"
`

/**
 * Runs command lines in a real shell in which every program of a list only records how it was called. Others are not found;
 * `real` ones are those of the machine. `~` stands for itself.
 */
export class ShellOracle implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-shell-'))
  readonly #record = join(this.#folder, 'record')
  readonly #programs = join(this.#folder, 'programs')
  readonly #work = join(this.#folder, 'work')

  constructor(recorded: readonly string[], real: readonly string[]) {
    mkdirSync(this.#programs)
    for (const name of recorded) {
      writeFileSync(join(this.#programs, name), recorder)
      chmodSync(join(this.#programs, name), 0o755)
    }
    for (const name of real) symlinkSync(found(name), join(this.#programs, name))
  }

  run(shell: 'bash' | 'dash', line: string): Ran {
    writeFileSync(this.#record, '')
    mkdirSync(this.#work)
    try {
      const { status } = spawnSync(found(shell), ['-c', line], {
        cwd: this.#work,
        env: { PATH: this.#programs, HOME: '~', RECORD: this.#record, LC_ALL: 'C.UTF-8' },
        // The fourth is held open by what is left in the background, and is waited for.
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
        timeout: 10_000,
      })
      return { programs: calls(readFileSync(this.#record, 'utf8')), files: readdirSync(this.#work), status }
    } finally {
      rmSync(this.#work, { recursive: true })
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }
}

function calls(record: string): readonly (readonly string[])[] {
  const parts = record.split('\0').slice(0, -1)
  const found: string[][] = []
  for (let at = 0; at < parts.length;) {
    const count = Number(parts[at + 1])
    found.push([parts[at] ?? '', ...parts.slice(at + 2, at + 2 + count)])
    at += 2 + count
  }
  return found
}

function found(name: string): string {
  const path = ['/bin/', '/usr/bin/']
    .map((folder) => folder + name)
    .find((file) => spawnSync('test', ['-x', file]).status === 0)
  if (path === undefined) throw new Error(`this machine has no ${name}: install it`)
  return path
}
