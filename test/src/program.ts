import { execFile } from 'node:child_process'
import { accessSync, constants, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const installMs = 240_000
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
  const found = findProgram(name, path)
  if (found !== null || process.getuid?.() !== 0) return found
  console.error(`installing the Debian package ${from}`)
  const options = {
    env: { PATH: path, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: installMs,
    maxBuffer: outputBytesMax,
  }
  const install = ['install', '--yes', '--quiet', '--no-install-recommends', from]
  // A machine may have no lists of packages yet, or old ones.
  for (const args of [install, ['update', '--quiet'], install]) {
    await run('apt-get', args, options).catch(() => undefined)
    const installed = findProgram(name, path)
    if (installed !== null) return installed
  }
  return null
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
