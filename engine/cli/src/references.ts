import { isCertified, managerNames, type ManagedReference, type SecretReference } from '@sluice/identity'
import type { Config } from './config/config.ts'

/** A secret that the configuration names, and what for. */
export interface NamedReference {
  /** E.g. `target shop`. */
  readonly of: string
  readonly reference: SecretReference
  /** It holds a user as well. */
  readonly isLogin: boolean
}

/** Every secret that the configuration names, in its order; `literal` ones are none. */
export function referencesIn(config: Config): readonly NamedReference[] {
  const {
    log,
    issuers,
    samlIssuers,
    tokenKey,
    agentsKey,
    sshCaKey,
    sshHostKey,
    sshLoginKey,
    maskingKey,
    targets,
    notices,
    exporters,
    telemetry,
  } = config
  const one = (of: string, reference: SecretReference, isLogin = false): NamedReference => ({
    of,
    reference,
    isLogin,
  })
  return [
    ...(tokenKey === null ? [] : [one('keys.tokens', tokenKey)]),
    ...(agentsKey === null ? [] : [one('keys.agents', agentsKey)]),
    ...(sshCaKey === null ? [] : [one('keys.ssh_ca', sshCaKey)]),
    ...(sshHostKey === null ? [] : [one('keys.ssh_host', sshHostKey)]),
    ...(sshLoginKey === null ? [] : [one('keys.ssh_login_ca', sshLoginKey)]),
    ...(maskingKey === null ? [] : [one(`masking key ${maskingKey.id}`, maskingKey.secret)]),
    ...issuers.flatMap(({ name, console }) =>
      console?.client_secret === undefined ? [] : [one(`issuer ${name}`, console.client_secret)],
    ),
    ...samlIssuers.flatMap(({ name, certificates }) =>
      certificates.map((certificate) => one(`issuer ${name}`, certificate)),
    ),
    ...targets.flatMap(({ target: { name }, credential }) => {
      if (credential === null || isCertified(credential)) return []
      if ('login' in credential) return [one(`target ${name}`, credential.login, true)]
      const { password, certificate } = credential
      const secret = one(`target ${name}`, password)
      return certificate === undefined ? [secret] : [secret, one(`target ${name}, certificate`, certificate)]
    }),
    ...Object.entries({ log, notices, exporters, telemetry }).flatMap(([of, part]) =>
      [...within(part)].map((reference) => one(of, reference)),
    ),
  ]
}

const kinds: readonly string[] = ['env', 'file', ...managerNames]

/** The references in a part that has been read: an object with one of these keys and no other is nothing else there. */
function* within(part: unknown): Generator<SecretReference> {
  if (typeof part !== 'object' || part === null || part instanceof URL) return
  const entries: readonly (readonly [unknown, unknown])[] =
    part instanceof Map ? [...part] : Object.entries(part)
  const [[key, value] = []] = entries
  if (entries.length === 1 && kinds.includes(String(key)) && typeof value === 'string')
    yield part as ManagedReference
  else for (const [, each] of entries) yield* within(each)
}
