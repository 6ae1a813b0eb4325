import { apiOf } from '../api-url.ts'
import { UsageError } from '../command.ts'
import { demoState } from '../demo-state.ts'
import { changeLogins, LoginEnded, readLogins, type Login, type Logins } from './logins.ts'

type Env = Readonly<Record<string, string | undefined>>

/** What is left of a token must be enough for what it is used for. */
const spareMs = 30_000

/** The name of the login that counts, or `null` where nobody has logged in. Throws `UsageError` for an unknown one. */
export function chosen(logins: Logins, named: string | undefined): string | null {
  if (named === undefined) return logins.current
  if (Object.hasOwn(logins.logins, named)) return named
  const known = Object.keys(logins.logins)
  throw new UsageError(
    `no login "${named}"${known.length === 0 ? '' : `, only ${known.join(', ')}`}: run sluice login ${named} --issuer …`,
  )
}

/**
 * The login that a command acts by: the one that is named, or the latest. One at another provider is not for the demo,
 * where one runs here and nothing says otherwise. `null`: there is none.
 */
export async function loginFor(env: Env, named: string | undefined): Promise<string | null> {
  const logins = await readLogins(env)
  const name = chosen(logins, named)
  if (name === null || named !== undefined || env['SLUICE_URL'] !== undefined) return name
  const demo = await demoState(env)
  return demo === null || demo.identity.login.issuer === logins.logins[name]?.issuer ? name : null
}

/** The access token of a login, renewed when it has little time left. Rejects with what the person must do. */
export async function accessToken(env: Env, name: string): Promise<string> {
  const login = loginNamed(await readLogins(env), name)
  const { gateway } = login
  if (gateway !== undefined && gateway !== apiOf(env, await demoState(env)))
    throw new UsageError(
      `the login ${name} is for the gateway at ${gateway} alone: set SLUICE_URL to that, or log in at the other`,
    )
  if (!isStale(login)) return login.access_token
  return changeLogins<string | Error>(env, async (logins) => {
    // Another command may have renewed it while this one waited.
    const latest = loginNamed(logins, name)
    if (!isStale(latest)) return { next: logins, result: latest.access_token }
    // Every command that asks the API loads this file, and few of them renew anything.
    const { renew } = await import('./renewal.ts')
    try {
      const renewed = await renew(latest, name)
      return {
        next: { ...logins, logins: { ...logins.logins, [name]: renewed } },
        result: renewed.access_token,
      }
    } catch (error) {
      // One that the provider ended is of no use any more, and is not kept.
      if (error instanceof LoginEnded) return { next: without(logins, name), result: error }
      throw error
    }
  }).then((result) => {
    if (typeof result === 'string') return result
    throw result
  })
}

function loginNamed({ logins }: Logins, name: string): Login {
  const login = Object.hasOwn(logins, name) ? logins[name] : undefined
  if (login === undefined) throw new LoginEnded(`you are not logged in at ${name}: run sluice login ${name}`)
  return login
}

function isStale({ expires_ms: until }: Login): boolean {
  return until !== null && until - Date.now() < spareMs
}

export function without({ current, logins }: Logins, name: string): Logins {
  const { [name]: _gone, ...rest } = logins
  return { current: current === name ? (Object.keys(rest).at(-1) ?? null) : current, logins: rest }
}
