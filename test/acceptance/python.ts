import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pythonEnvironment, pythonVersion } from '@sluice/demo'
import { environmentOf, type Door } from './door.ts'
import { runScript } from './script.ts'
import type { Transcript } from './transcript.ts'

export { pythonVersion }

const scripts = fileURLToPath(new URL('python/', import.meta.url))

/** The interpreter of an environment with exactly the pinned clients. */
export function pythonWithClients(): Promise<string> {
  return pythonEnvironment({ name: 'acceptance', requirements: join(scripts, 'requirements.txt') })
}

export interface ScriptOptions {
  /** Only these cases. */
  readonly cases?: readonly string[]
  /** All but these. */
  readonly without?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a script of cases through a door. What it says beside its lines goes to stderr. */
export async function runPython(
  script: string,
  door: Door,
  options: ScriptOptions = {},
): Promise<Transcript> {
  const python = await pythonWithClients()
  return runScript(python, [join(scripts, script), ...(options.cases ?? [])], {
    ...environmentOf(door),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONWARNINGS: 'ignore',
    WITHOUT: (options.without ?? []).join(' '),
    ...options.env,
  })
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
