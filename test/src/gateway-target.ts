import type { Login, Place } from './wire-client.ts'

/** What a suite's gateway stands in front of. */
export type GatewayTarget = PostgresTarget | HttpTarget

interface AnyTarget {
  readonly name: string
  readonly tls?: 'disable' | 'verify-full'
  /** PEM of the authority that the target's certificate must be signed by. */
  readonly authority?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Who may give access for a while; nobody when it is not given. */
  readonly access?: { readonly approvers: readonly string[]; readonly max?: string }
}

export interface PostgresTarget extends AnyTarget {
  /** Where and as whom the gateway connects. */
  readonly login: Login
  /** Further keys of its entry, e.g. `overlap_reads`. */
  readonly settings?: Readonly<Record<string, unknown>>
}

export interface HttpTarget extends AnyTarget {
  readonly http: Place
  /** What the gateway shows the target, as a bearer token where `settings` do not say otherwise. The target asks for nothing when it is not given. */
  readonly secret?: string
  /** Further keys of its entry, e.g. `base_path`. */
  readonly settings?: Readonly<Record<string, unknown>>
}

/** Its entry in `sluice.yaml`; the credential is in the environment. */
export function entryOf(target: GatewayTarget, index: number): object {
  const { name, tls = 'disable', authority, labels = {}, access } = target
  return {
    name,
    tls,
    ...(authority === undefined ? {} : { tls_ca: authority }),
    labels,
    ...(access === undefined ? {} : { access }),
    ...('login' in target ? postgresEntry(target, index) : httpEntry(target, index)),
  }
}

function postgresEntry({ login, settings }: PostgresTarget, index: number): object {
  const { host, port, user, database } = login
  return {
    protocol: 'postgres',
    address: `${host}:${port}`,
    database,
    credential: { user, password: { env: variable(index) } },
    ...settings,
  }
}

function httpEntry({ http: { host, port }, secret, settings }: HttpTarget, index: number): object {
  const shown =
    secret === undefined ? { authentication: 'none' } : { credential: { password: { env: variable(index) } } }
  return { protocol: 'http', address: `${host}:${port}`, ...shown, ...settings }
}

/** Where the entries find their credentials. */
export function credentialsOf(targets: readonly GatewayTarget[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    targets.map((target, index) => [
      variable(index),
      'login' in target ? target.login.password : (target.secret ?? ''),
    ]),
  )
}

function variable(index: number): string {
  return `TARGET_${index}_PASSWORD`
}
