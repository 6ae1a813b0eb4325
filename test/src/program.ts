import { execFile } from 'node:child_process'
import { accessSync, constants, globSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { inTurn } from '@sluice/demo'

const run = promisify(execFile)
const installMs = 240_000
/** What is brought to this machine for tests and is no package of npm's. */
export const machineCache: string = process.env['SLUICE_CACHE'] ?? join(homedir(), '.cache', 'sluice')
/** Whose turn it is to bring it. */
export const installing: string = join(machineCache, 'installing.owner')
const outputBytesMax = 16_777_216
/** Debian keeps servers off a user's PATH, and PostgreSQL's own programs by version. */
const beside = ['/usr/sbin', '/usr/local/sbin']

/** The file of a program, or `null` when this machine does not have it. */
export function findProgram(name: string, path: string): string | null {
  const folders = [...path.split(delimiter), ...beside, ...globSync('/usr/lib/postgresql/*/bin')]
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null
}

/** As `findProgram`, after an attempt to install the Debian package that brings it; only root on Debian can. */
export async function findOrInstall(name: string, path: string, from: string = name): Promise<string | null> {
  const found = (): string | null => findProgram(name, path)
  await installUntil(() => found() !== null, [from], path)
  return found()
}

/**
 * Installs Debian packages unless what they bring is there, where this process may. Suites run beside each other, and only one
 * process of a machine can install.
 */
export async function installUntil(
  isThere: () => boolean,
  packages: readonly string[],
  path: string = process.env['PATH'] ?? '',
): Promise<void> {
  if (isThere() || process.getuid?.() !== 0) return
  const options = {
    env: { PATH: path, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: installMs,
    maxBuffer: outputBytesMax,
  }
  const install = ['install', '--yes', '--quiet', '--no-install-recommends', ...packages]
  await inTurn(installing, async () => {
    // A machine may have no lists of packages yet, or old ones.
    for (const args of [install, ['update', '--quiet'], install]) {
      if (isThere()) return
      console.error(`apt-get ${args.join(' ')}`)
      await run('apt-get', args, options).catch(() => undefined)
    }
  })
}

/** As `findOrInstall`. Throws, with what to install, when there is none. */
export async function programOf(name: string, from: string = name): Promise<string> {
  const file = await findOrInstall(name, process.env['PATH'] ?? '', from)
  if (file !== null) return file
  throw new Error(
    `${name} is not installed: apt-get install ${from}, as root, or your system’s package of that kind`,
  )
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
