import type { Login, Place } from './wire-client.ts'

/** What a suite's gateway stands in front of. */
export type GatewayTarget = PostgresTarget | HttpTarget | SshTarget

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

export interface SshTarget extends Omit<AnyTarget, 'tls' | 'authority'> {
  readonly ssh: Place
  /** As whom the gateway logs in, and its password or private key. */
  readonly user: string
  readonly secret: string
  /** The public key of the host, as its file says it. */
  readonly hostKey: string
  /** Further keys of its entry, e.g. `logins`. */
  readonly settings?: Readonly<Record<string, unknown>>
}

/** Its entry in `sluice.yaml`; the credential is in the environment. */
export function entryOf(target: GatewayTarget, index: number): object {
  const { name, labels = {}, access } = target
  return { name, labels, ...(access === undefined ? {} : { access }), ...entryBy(target, index) }
}

function entryBy(target: GatewayTarget, index: number): object {
  if ('ssh' in target) return sshEntry(target, index)
  const { tls = 'disable', authority } = target
  return {
    tls,
    ...(authority === undefined ? {} : { tls_ca: authority }),
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

function sshEntry({ ssh: { host, port }, user, hostKey, settings }: SshTarget, index: number): object {
  return {
    protocol: 'ssh',
    address: `${host}:${port}`,
    host_key: hostKey,
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
