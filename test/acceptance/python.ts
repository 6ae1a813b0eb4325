import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pythonEnvironment, pythonVersion } from '@sluice/demo'
import { environmentOf, type Door } from './door.ts'
import type { Seen, Transcript } from './transcript.ts'

export { pythonVersion }

const scripts = fileURLToPath(new URL('python/', import.meta.url))

/** The interpreter of an environment with exactly the pinned clients. */
export function pythonWithClients(): Promise<string> {
  return pythonEnvironment({ name: 'acceptance', requirements: join(scripts, 'requirements.txt') })
}

export interface ScriptOptions {
  /** Only these cases. */
  readonly cases?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a script of cases through a door. What it says beside its lines goes to stderr. */
export async function runPython(
  script: string,
  door: Door,
  options: ScriptOptions = {},
): Promise<Transcript> {
  const python = await pythonWithClients()
  const child = spawn(python, [join(scripts, script), ...(options.cases ?? [])], {
    env: { ...environmentOf(door), PYTHONDONTWRITEBYTECODE: '1', PYTHONWARNINGS: 'ignore', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: Buffer[] = []
  const complaints: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0)
    throw new Error(`${script} ended with ${code}: ${Buffer.concat(complaints).toString().slice(-4000)}`)
  return parsed(Buffer.concat(output).toString())
}

/** The same, or nothing, aloud, where there is no Python at all. */
export async function runWithPython(
  script: string,
  door: Door,
  options: ScriptOptions = {},
): Promise<Transcript> {
  if ((await pythonVersion()) !== null) return runPython(script, door, options)
  console.error(
    `acceptance: python3 is not installed, so NONE of ${script} RAN. Install python3, python3-venv and python3-pip.`,
  )
  return new Map()
}

function parsed(lines: string): Transcript {
  return new Map(
    lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { case: name, ...seen } = JSON.parse(line) as { readonly case: string } & Seen
        return [name, seen] as const
      }),
  )
}
