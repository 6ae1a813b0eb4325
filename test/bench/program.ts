import { spawnSync } from 'node:child_process'
import { accessSync, constants, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian keeps servers off a user's PATH, and PostgreSQL's own programs by version. */
const beside = ['/usr/sbin', '/usr/local/sbin']

/** The file of a program, or `null` when this machine does not have it. */
export function findProgram(name: string, path: string): string | null {
  const folders = [...path.split(delimiter), ...beside, ...globSync('/usr/lib/postgresql/*/bin')]
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null
}

/** As `findProgram`, after an attempt to install the Debian package that brings it; only root on Debian can. */
export function findOrInstall(name: string, path: string): string | null {
  const found = findProgram(name, path)
  if (found !== null || process.getuid?.() !== 0) return found
  const aptGet = findProgram('apt-get', path)
  if (aptGet === null) return null
  console.error(`installing the Debian package ${name}`)
  const env = { PATH: path, DEBIAN_FRONTEND: 'noninteractive' }
  spawnSync(aptGet, ['install', '-y', '-q', '--no-install-recommends', name], { env, stdio: 'ignore' })
  return findProgram(name, path)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
