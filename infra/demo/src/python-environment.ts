import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inTurn } from './turn.ts'

export interface PythonOptions {
  /** For whom it is, e.g. `example`. */
  readonly name: string
  /** A file of pinned packages. */
  readonly requirements: string
  /** Where environments are kept; beside the sources when it is not given. */
  readonly folder?: string
  /** The interpreter that makes them. */
  readonly python?: string
}

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const installMs = 600_000
const oldestMinor = 10

/** Of Python, e.g. `3.12`. `null`: there is none on this machine, which the caller must say aloud. */
export async function pythonVersion(python: string = 'python3'): Promise<string | null> {
  try {
    const { stdout } = await run(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
    return stdout.trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/**
 * The interpreter of an environment with exactly the pinned packages, made once for each Python and each change of
 * the pins. Throws, with what to install, when it cannot be made.
 */
export async function pythonEnvironment(options: PythonOptions): Promise<string> {
  const { name, requirements, folder = join(root, '.venv'), python = 'python3' } = options
  const version = await pythonVersion(python)
  if (version === null)
    throw new Error('python3 is not installed: install it with its venv and pip, then run this again')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major !== 3 || minor < oldestMinor)
    throw new Error(`this needs Python 3.${oldestMinor} or newer, and python3 is ${version}`)
  const pins = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12)
  const environment = join(folder, `${name}-${version}-${pins}`)
  if (!existsSync(environment))
    await inTurn(`${environment}.owner`, async () => {
      if (!existsSync(environment)) await make(environment, requirements, python)
    })
  return join(environment, 'bin', 'python')
}

/** Made beside its place: what an interruption leaves is not taken for an environment. */
async function make(environment: string, requirements: string, python: string): Promise<void> {
  const draft = `${environment}.new`
  await mkdir(join(environment, '..'), { recursive: true })
  await rm(draft, { recursive: true, force: true })
  console.error(`installing Python packages into ${relative(root, environment)} (once)`)
  try {
    await run(python, ['-m', 'venv', draft])
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
    throw new Error(`pip cannot install ${relative(root, requirements)}: is the registry reachable?`, {
      cause: error,
    })
  }
  // Only the interpreter is used, and it finds its packages wherever the folder is.
  await rename(draft, environment)
}
