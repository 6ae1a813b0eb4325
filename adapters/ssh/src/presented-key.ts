import { verify } from 'node:crypto'
import type { PublicKeyAuthContext } from 'ssh2'
import { certificateOf, certificateSuffix, isSignature, plainKey, signatureHashes } from './certificate.ts'
import { Fields } from './wire.ts'

/** What the caller says its key is, e.g. `ssh-ed25519-cert-v01@openssh.com`. */
function algorithmOf({ key, hashAlgo }: PublicKeyAuthContext): string {
  return key.algo === 'ssh-rsa' && hashAlgo !== undefined ? `rsa-sha2-${hashAlgo.slice(3)}` : key.algo
}

/** Whether it is worth a signature: of a kind that is looked at. Whose it is nobody asks before. */
export function isOfUse(context: PublicKeyAuthContext): boolean {
  return Object.hasOwn(signatureHashes, algorithmOf(context).replace(certificateSuffix, ''))
}

/**
 * Whether the caller has signed this very request with the private key of what it shows, a key or a certificate. Who
 * vouches for a certificate, and for how long, is for the authenticator to see.
 */
export function isProven(context: PublicKeyAuthContext): boolean {
  const { key, blob, signature } = context
  if (blob === undefined || signature === undefined || !isOfUse(context)) return false
  const algorithm = algorithmOf(context)
  const base = algorithm.replace(certificateSuffix, '')
  try {
    if (base === algorithm) return verify(signatureHashes[base] ?? null, blob, plainKey(key.data), signature)
    return isCertifiedSignature(blob, signature, base, certificateOf(key.data).key)
  } catch {
    return false
  }
}

/** The library takes apart only signatures of plain keys. Its name must be that of the key's own kind. */
function isCertifiedSignature(data: Buffer, signature: Buffer, base: string, key: Buffer): boolean {
  const fields = new Fields(signature)
  const name = fields.string().toString('latin1')
  const raw = fields.string()
  fields.end()
  return name === base && isSignature(data, name, raw, key)
}
