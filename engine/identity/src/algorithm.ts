/** What each algorithm demands of its key. Symmetric ones are missing on purpose: a public key is no secret. */
const keyTypes = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
} as const

/** Names of RFC 7518 §3.1 and RFC 8037 §3.1. */
export type Algorithm = keyof typeof keyTypes

export const algorithms: readonly string[] = Object.keys(keyTypes)

export const defaultAlgorithms: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']

export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(keyTypes, name)
}

/** The key type that an algorithm is bound to, so that no key is ever used under another kind of algorithm. */
export function keyType(algorithm: Algorithm): { readonly kty: string; readonly crv?: string } {
  return keyTypes[algorithm]
}
