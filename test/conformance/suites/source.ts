import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, cp, mkdir, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pythonEnvironment, pythonVersion } from '@sluice/demo'
import { MissingError } from '../corpus.ts'
import { cache } from '../chosen.ts'

/**
 * Where the tests of drivers come from: the registries that everybody installs from, or, where no registry has them, a
 * checkout that the caller has. All of it is kept beside the regression tests, never in the repository.
 */

const run = promisify(execFile)
const folders = fileURLToPath(new URL('.', import.meta.url))

/** The folder whose `node_modules` holds the drivers for Node with their tests. */
export async function nodeEnvironment(): Promise<string> {
  const lock = await readFile(join(folders, 'node', 'package-lock.json'))
  const pins = createHash('sha256').update(lock).digest('hex').slice(0, 12)
  const folder = join(cache, `drivers-node-${pins}`)
  if (await exists(folder)) return folder
  await mkdir(cache, { recursive: true })
  const draft = await mkdtemp(join(cache, 'fetching-'))
  try {
    for (const name of ['package.json', 'package-lock.json'])
      await cp(join(folders, 'node', name), join(draft, name))
    // The packages are old on purpose, and none of them is anything but a test's.
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: draft })
    await rename(draft, folder)
  } catch (error) {
    throw new MissingError('npm could not bring the drivers with their tests: is the registry reachable?', {
      cause: error,
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return folder
}

/** The interpreter that has the drivers for Python, and pytest. */
export async function pythonOfSuites(): Promise<string> {
  if ((await pythonVersion()) === null)
    throw new MissingError('there is no python3: install python3, python3-venv and python3-pip')
  const requirements = join(folders, 'python', 'requirements.txt')
  return pythonEnvironment({ name: 'conformance', requirements }).catch((error: unknown) => {
    throw new MissingError(`PyPI could not bring the drivers and pytest: ${String(error)}`, { cause: error })
  })
}

/** The folder of psycopg2's sources as PyPI has them. What is fetched must have the hash that `sources.txt` names. */
export async function psycopg2Sources(python: string): Promise<string> {
  const folder = join(cache, 'psycopg2')
  if (await exists(folder)) return folder
  await mkdir(cache, { recursive: true })
  const draft = await mkdtemp(join(cache, 'fetching-'))
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--no-binary=:all:', '--require-hashes']
    await run(python, [...pip, '-r', join(folders, 'python', 'sources.txt'), '-d', draft])
    const archive = (await readdir(draft)).find((name) => name.endsWith('.tar.gz')) ?? ''
    await mkdir(join(draft, 'sources'))
    await run('tar', ['-xf', join(draft, archive), '-C', join(draft, 'sources'), '--strip-components=1'])
    await rename(join(draft, 'sources'), folder)
  } catch (error) {
    throw new MissingError(
      `pip could not bring the sources of psycopg2; it asks pg_config about them (Debian: libpq-dev): ${String(error).slice(0, 500)}`,
      { cause: error },
    )
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return folder
}

/** What the caller has checked out, by a variable: the tests of some drivers are in no registry. */
export async function checkout(variable: string, what: string, witness: string): Promise<string> {
  const folder = process.env[variable] ?? ''
  if (folder === '')
    throw new MissingError(
      `no registry has the tests of ${what}: check its sources out and name the folder in ${variable}`,
    )
  if (!(await exists(join(folder, witness))))
    throw new MissingError(`${variable} is ${folder}, where there is no ${dirname(witness)} of ${what}`)
  return folder
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
