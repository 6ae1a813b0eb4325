import { refusal, type Refusal } from '@sluice/core'
import { hostKeySignatures } from './algorithms.ts'
import { certificateOf, certificateSuffix, isSigned, plainKey } from './certificate.ts'
import type { SshSettings } from './target.ts'

const ofHost = 2
/** Of keys of RSA, in certificates and of authorities. */
const rsaBitsMin = 2_048

/** The library knows no others. */
export function isPlain(name: string): boolean {
  return !name.endsWith(certificateSuffix)
}

/** By which kinds of host keys the target may show who it is, best first. */
export function offeredTo({ host_key, host_ca }: SshSettings): readonly string[] {
  const all = Object.values(hostKeySignatures).flat()
  const certified = host_ca.length === 0 ? [] : all.map((name) => `${name}${certificateSuffix}`)
  return [...certified, ...new Set(host_key.flatMap(({ type }) => hostKeySignatures[type] ?? []))]
}

/**
 * Why what a host shows is not believed; `undefined`: it is the key that is known, or one that a known authority says is of
 * this host. `host`: by which name it is called; `nowMs`: milliseconds since 1970.
 */
export function objectionTo(
  shown: Buffer,
  { host_key, host_ca, host_name }: SshSettings,
  host: string,
  nowMs: number,
): Refusal | undefined {
  if (host_key.some(({ blob }) => blob.equals(shown))) return undefined
  if (host_ca.length === 0) return otherKey
  try {
    const certificate = certificateOf(shown)
    if (host_key.some(({ blob }) => blob.equals(certificate.key))) return undefined
    if (!host_ca.some(({ blob }) => blob.equals(certificate.signer)))
      return objection('no authority that is known here signed it')
    if (!isStrong(certificate.signer) || !isSigned(certificate))
      return objection('its signature is not valid')
    if (certificate.kind !== ofHost) return objection('it is not one of a host')
    if (certificate.criticalOptions.length > 0) return objection('it has options that are not known here')
    const name = host_name ?? host
    if (!certificate.principals.some((principal) => isNamed(name, principal)))
      return objection(`it is not for ${name}`)
    const second = BigInt(Math.floor(nowMs / 1_000))
    if (second < certificate.validAfter) return objection('it is not valid yet')
    if (second >= certificate.validBefore) return objection('it is not valid any more')
    return isStrong(certificate.key) ? undefined : objection('its key is too short')
  } catch {
    // A plain key where a certificate was hoped for, or one that cannot be read.
    return host_key.length > 0 ? otherKey : objection('it cannot be read')
  }
}

/** `*.example.com` is for every name that ends so, as OpenSSH takes it; no other pattern is one. */
function isNamed(host: string, principal: string): boolean {
  // Beyond ASCII some letters are others when they are small: the sign of Kelvin is a k.
  if (!isAscii(principal) || !isAscii(host)) return false
  const [name, said] = [host.toLowerCase(), principal.toLowerCase()]
  return said.startsWith('*.') ? name.length >= said.length && name.endsWith(said.slice(1)) : name === said
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

function isStrong(key: Buffer): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = plainKey(key)
  return asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) >= rsaBitsMin
}

const otherKey: Refusal = refusal(
  'target_unreachable',
  'ssh/host_key',
  'The target shows another host key than the one that is known. Nothing was sent. Tell its operator at once: it was changed, or somebody stands between.',
)

function objection(why: string): Refusal {
  return refusal(
    'target_unreachable',
    'ssh/host_certificate',
    `The target’s host certificate is not accepted: ${why}. Nothing was sent. Tell its operator.`,
  )
}
