import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Account } from './postgres-account.ts'
import type { Binaries } from './postgres-binaries.ts'

export interface Passwords {
  readonly superuser: string
  readonly app: string
}

/** A database cluster on disk. */
export interface Cluster {
  readonly folder: string
  readonly passwords: Passwords
}

export const superuserName = 'postgres'

const run = promisify(execFile)

/** How a server process names its own data folder: under another account it may not walk the path to it. */
export function folderName(folder: string, account: Account | null): string {
  return account !== null && process.platform === 'linux' ? '/proc/self/cwd' : folder
}

/** The machine's locale and settings stay out of it, so that the demo sorts and prints the same everywhere. */
export const serverEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
}

/** The cluster in this folder, made when there is none. A half-made one is never left under its name. */
export async function openCluster(
  dataDir: string,
  binaries: Binaries,
  account: Account | null,
): Promise<Cluster> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const folder = join(dataDir, 'cluster')
  const secrets = join(dataDir, 'passwords.json')
  if (existsSync(folder)) {
    await claim(folder)
    return { folder, passwords: JSON.parse(await readFile(secrets, 'utf8')) as Passwords }
  }
  const passwords = { superuser: password(), app: password() }
  await writeFile(secrets, `${JSON.stringify(passwords)}\n`, { mode: 0o600 })
  const draft = join(dataDir, 'cluster.new')
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  await give(draft, account)
  await initdb(draft, passwords.superuser, binaries, account)
  await rename(draft, folder)
  return { folder, passwords }
}

function password(): string {
  return randomBytes(24).toString('base64url')
}

async function give(path: string, account: Account | null): Promise<void> {
  if (account !== null) await chown(path, account.uid, account.gid)
}

async function initdb(
  folder: string,
  superuserPassword: string,
  { initdb: program }: Binaries,
  account: Account | null,
): Promise<void> {
  const aside = await mkdtemp(join(tmpdir(), 'sluice-initdb-'))
  try {
    const passwordFile = join(aside, 'password')
    await writeFile(passwordFile, `${superuserPassword}\n`, { mode: 0o600 })
    await Promise.all([give(aside, account), give(passwordFile, account)])
    const options = {
      pgdata: folderName(folder, account),
      username: superuserName,
      pwfile: passwordFile,
      auth: 'scram-sha-256',
      encoding: 'UTF8',
      locale: 'C',
      'locale-provider': 'builtin',
      'builtin-locale': 'C.UTF-8',
    }
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
    await run(program, [...args, '--no-instructions'], { ...account, cwd: folder, env: serverEnvironment })
  } finally {
    await rm(aside, { recursive: true })
  }
}

const shutdownWaitMs = 8_000

/**
 * A server that was killed leaves its pid file behind, and after a restart of the machine or container that number
 * may be somebody else's, which the server itself cannot tell. One that still shuts down is waited for.
 */
async function claim(folder: string): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid')
  const until = performance.now() + shutdownWaitMs
  for (;;) {
    const text = await readFile(pidFile, 'utf8').catch(() => undefined)
    if (text === undefined) return
    const pid = Number.parseInt(text, 10)
    if (!(await isServer(pid))) return rm(pidFile, { force: true })
    if (performance.now() > until)
      throw new Error(`another PostgreSQL (process ${pid}) already serves ${folder}: stop it first`)
    await sleep(100)
  }
}

async function isServer(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  if (process.platform !== 'linux') return true
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
  return name.trim() === 'postgres'
}
