import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Login } from '../src/wire-client.ts'
import { environmentOf } from './door.ts'
import type { Seen, Transcript } from './transcript.ts'

const run = promisify(execFile)
const scripts = fileURLToPath(new URL('python/', import.meta.url))
const requirements = join(scripts, 'requirements.txt')
const environments = fileURLToPath(new URL('../../.venv/', import.meta.url))
const installMs = 600_000

/** `null`: there is no Python on this machine, which the caller must say aloud. */
export async function pythonVersion(): Promise<string | null> {
  try {
    const { stdout } = await run('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
    return stdout.trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/**
 * The interpreter of an environment with exactly the pinned clients, made once for each Python and each change of
 * the pins. Throws, with what to install, when it cannot be made.
 */
export async function pythonWithClients(): Promise<string> {
  const version = await pythonVersion()
  if (version === null) throw new Error('python3 is not installed')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major !== 3 || minor < 10)
    throw new Error(`the Python clients need Python 3.10 or newer, this is ${version}`)
  const pins = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12)
  const folder = join(environments, `acceptance-${version}-${pins}`)
  if (!existsSync(folder)) await makeEnvironment(folder)
  return join(folder, 'bin', 'python')
}

/** Scripts in it hold its path, so it is made in its place; a marker left by an interruption makes it start again. */
async function makeEnvironment(folder: string): Promise<void> {
  await mkdir(environments, { recursive: true })
  const draft = `${folder}.new`
  await rm(draft, { recursive: true, force: true })
  console.error(`acceptance: installing the Python clients into ${folder} (once)`)
  try {
    await run('python3', ['-m', 'venv', draft])
  } catch (error) {
    throw new Error(
      'python3 cannot make a virtual environment: install its venv and pip, e.g. apt-get install python3-venv python3-pip',
      { cause: error },
    )
  }
  try {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:']
    await run(join(draft, 'bin', 'python'), [...pip, '-r', requirements], { timeout: installMs })
  } catch (error) {
    throw new Error(
      'pip cannot install test/acceptance/python/requirements.txt: is the registry reachable?',
      { cause: error },
    )
  }
  // Only the interpreter is used, and it finds its packages wherever the folder is.
  await rename(draft, folder)
}

export interface ScriptOptions {
  /** Only these cases. */
  readonly cases?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a script of cases through a door. What it says beside its lines goes to stderr. */
export async function runPython(
  script: string,
  door: Login,
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
  door: Login,
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
