import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { replaceFile } from '../replace-file.ts'

/** A person's login at a provider, as it is kept between two commands. */
export interface Login {
  /** Of SAML, its name at the gateway. */
  readonly issuer: string
  /** Of SAML: the API whose token this is. It is for no other. */
  readonly gateway?: string
  readonly client_id: string
  readonly scope: string
  /** What is sent along besides, e.g. `resource` (RFC 8707) or `audience`. */
  readonly extra: Readonly<Record<string, string>>
  /** `sub` of the ID token. */
  readonly subject: string
  readonly access_token: string
  /** Milliseconds since 1970; `null`: the provider does not say. */
  readonly expires_ms: number | null
  readonly refresh_token: string | null
}

export interface Logins {
  /** The latest, which counts where none is named. */
  readonly current: string | null
  readonly logins: Readonly<Record<string, Login>>
}

/** There is none any more, or never was; with what the person must do. */
export class LoginEnded extends Error {}

type Env = Readonly<Record<string, string | undefined>>

const none: Logins = { current: null, logins: {} }
/** A command that was killed has left its lock behind. */
const lockMs = 30_000
const lockLookMs = 50

/** XDG Base Directory: a relative path there is ignored. */
export function loginsFile(env: Env): string {
  const configured = env['XDG_CONFIG_HOME'] ?? ''
  const folder = configured.startsWith('/') ? configured : resolve(env['HOME'] ?? homedir(), '.config')
  return join(folder, 'sluice', 'logins.json')
}

/** Rejects where others than its owner may read it. */
export async function readLogins(env: Env): Promise<Logins> {
  const file = loginsFile(env)
  try {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0)
      throw new Error(
        `others may read ${file}, which holds tokens: chmod 600 it, or remove it and log in again`,
      )
    return JSON.parse(await readFile(file, 'utf8')) as Logins
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return none
    if (error instanceof SyntaxError)
      throw new Error(`${file} is no JSON: remove it, and log in again`, { cause: error })
    throw error
  }
}

/**
 * Reads, changes and writes while no other command does: a refresh token is good once, and one of two that spend the
 * same would end the login of both.
 */
export async function changeLogins<T>(
  env: Env,
  change: (logins: Logins) => Promise<{ readonly next: Logins; readonly result: T }>,
): Promise<T> {
  const file = loginsFile(env)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await using _lock = await locked(`${file}.lock`)
  const { next, result } = await change(await readLogins(env))
  await replaceFile(file, `${JSON.stringify(next, null, 2)}\n`)
  return result
}

async function locked(path: string): Promise<AsyncDisposable> {
  for (;;) {
    const taken = await open(path, 'wx', 0o600).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined
      throw error
    })
    if (taken !== undefined) {
      await taken.close()
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    }
    const since = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (since > lockMs) await rm(path, { force: true })
    else await setTimeout(lockLookMs)
  }
}
