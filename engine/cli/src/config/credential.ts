import type { CredentialNeed } from '@sluice/core'
import type { CredentialReference, ManagedReference, ManagerName, SecretReference } from '@sluice/identity'
import type { Located, Path } from './document.ts'
import { ConfigError } from './problem.ts'

/** A user and where its password is, or where both are: a reference of one manager. Of SSH also a certificate. */
export type RawCredential = {
  readonly user?: string
  readonly password?: SecretReference
  readonly certificate?: SecretReference | 'issued'
} & { readonly [Name in ManagerName]?: string }

/** What the adapter needs, no more and no less: one that is never shown to the target would be a mistake. */
export function credentialOf(
  document: Located,
  at: Path,
  need: CredentialNeed,
  given: RawCredential | undefined,
): CredentialReference | null {
  const wrong = (message: string): never => {
    throw new ConfigError([document.problem([...at, 'credential'], message)])
  }
  if (need === 'none') return given === undefined ? null : wrong('this target takes no credential')
  if (given === undefined) return wrong('this target needs a credential')
  const { user, password, certificate, ...managed } = given
  const both = Object.keys(managed).length
  if (certificate !== undefined) {
    if (need !== 'login or certificate')
      return wrong('its credential takes no certificate: only one of SSH does')
    if (user === undefined || both > 0) return wrong('its credential needs a user beside the certificate')
    if (certificate === 'issued')
      return password === undefined
        ? { user, certificate }
        : wrong('a certificate that is issued for each login needs no password beside it')
    return password === undefined
      ? wrong('a certificate needs its private key beside it, as password')
      : { user, password, certificate }
  }
  if (both + (password === undefined ? 0 : 1) !== 1)
    return wrong('its credential needs a password, or one secret that holds both: vault, aws, gcp or azure')
  if (password === undefined) {
    if (user !== undefined || need === 'secret') return wrong('its credential needs a password')
    return { login: managed as ManagedReference }
  }
  if (need === 'secret')
    return user === undefined ? { user: '', password } : wrong('its credential has no user')
  return user === undefined ? wrong('its credential needs a user') : { user, password }
}
