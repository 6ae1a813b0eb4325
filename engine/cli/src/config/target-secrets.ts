import { resolve } from 'node:path'
import { isCertified, managedOf, type CredentialReference, type SecretReference } from '@sluice/identity'

/** Where credentials of added targets may be, unless the file says more: variables that are named for it. */
export const defaultTargetSecrets: readonly string[] = ['env:SLUICE_TARGET_']

/**
 * Why a credential may not be referred to by a target that somebody adds; `null`: it may. An admin of the API is not whoever
 * owns this machine: without bounds they could have the gateway show its own keys to an address of their choice.
 */
export function forbidden(credential: CredentialReference | null, allowed: readonly string[]): string | null {
  if (credential === null) return null
  if (isCertified(credential))
    return 'it logs in by certificates of this gateway, as whom it likes: only a file may say that'
  const isAllowed = (reference: SecretReference): boolean => {
    const place = placeOf(reference)
    return place !== null && allowed.some((prefix) => place.startsWith(prefix))
  }
  if (placesIn(credential).every(isAllowed)) return null
  return `its credential is at a place that api.target_secrets does not list (${allowed.join(', ')})`
}

/** All that are read to log in. */
export function placesIn(credential: CredentialReference): readonly SecretReference[] {
  if (isCertified(credential)) return []
  if ('login' in credential) return [credential.login]
  const { password, certificate } = credential
  return certificate === undefined ? [password] : [password, certificate]
}

/** In its only spelling; `null`: it has another one. */
function placeOf(reference: SecretReference): string | null {
  if ('literal' in reference) return null
  if ('env' in reference) return `env:${reference.env}`
  if ('file' in reference) return resolve(reference.file) === reference.file ? `file:${reference.file}` : null
  const managed = managedOf(reference)
  if (managed === undefined || /(^|\/)\.{0,2}(\/|$)|%|\\/.test(managed.path)) return null
  return `${managed.manager}:${managed.path}`
}
