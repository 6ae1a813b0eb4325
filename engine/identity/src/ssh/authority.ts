import { randomBytes, type KeyObject } from 'node:crypto'
import { limits, type Clock, type Identity } from '@sluice/core'
import { refuse, refuseExpired } from '../refuse.ts'
import { subjectPayload } from '../subject-payload.ts'
import { certificateType, signedCertificate, type Certificate } from './certificate.ts'
import { ed25519Blob, fingerprint, lineOf, publicKeyLine, publicKeyOf, type PublicKey } from './public-key.ts'
import { checkNetworks } from './source-address.ts'
import { string, WireError } from './wire.ts'

/** Holds who a certificate is for, so that any gateway with the key of the authority knows it without asking anybody. */
export const identityExtension = 'identity@sluice.dev'

/** What OpenSSH's own tools put into a certificate: what of it may be done, policies say. */
const permits = [
  'permit-X11-forwarding',
  'permit-agent-forwarding',
  'permit-port-forwarding',
  'permit-pty',
  'permit-user-rc',
]
const none = Buffer.alloc(0)

export interface CertificateRequest {
  /** A line as in a .pub file. */
  readonly publicKey: string
  /** Names of the targets that it is to open: its principals. */
  readonly targets: readonly string[]
  /** All that it may run. */
  readonly command?: string | undefined
  /** From where it may be used: addresses or networks, as `10.0.0.0/8`. */
  readonly from?: readonly string[] | undefined
}

export interface IssuedCertificate {
  /** A line as in a -cert.pub file. */
  readonly certificate: string
  readonly serial: string
  readonly keyId: string
  /** Of the key that it is over. */
  readonly fingerprint: string
  /** Milliseconds since 1970. */
  readonly validUntil: number
}

/** Signs certificates of users and of hosts with one key, which OpenSSH keeps apart by their kind. */
export interface CertificateAuthority {
  /** As it is on the wire. */
  readonly blob: Buffer
  /** A line for `known_hosts`, behind `@cert-authority <hosts>`. */
  readonly line: string
  /** Over a caller's key, for no longer than its identity lasts. Throws `Refused`. */
  issue(identity: Identity, request: CertificateRequest): IssuedCertificate
  /** Over the gateway's own host key, for the names by which clients call it. The line of a -cert.pub file. */
  issueHost(hostKey: KeyObject, names: readonly string[], lifeMs: number): string
}

export function certificateAuthority(key: KeyObject, clock: Clock): CertificateAuthority {
  const signer = { key, blob: ed25519Blob(key) }
  const seal = (said: Certificate): string => {
    const blob = signedCertificate(said, signer, randomBytes(32))
    return lineOf({ type: certificateType(said.key), blob }, said.keyId)
  }

  return {
    blob: signer.blob,
    line: lineOf({ type: 'ssh-ed25519', blob: signer.blob }, 'sluice'),

    issue(identity, { publicKey, targets, command, from }) {
      const certified = keyIn(publicKey)
      const validBefore = Math.floor(identity.expiresAt / 1000)
      if (validBefore * 1000 <= clock.now()) refuseExpired()
      if (targets.length === 0) refuse('principal', 'A certificate is for one target at least.')
      if (from !== undefined) checkNetworks(from)
      const { subject, tokenId, issuedAt = 0, madeFrom } = identity
      const age = { iat: Math.floor(issuedAt / 1000), ...(madeFrom !== undefined && { src: madeFrom }) }
      const who = JSON.stringify({ id: tokenId, ...age, ...subjectPayload(subject) })
      if (Buffer.byteLength(who) > limits.certificateIdentityBytesMax)
        refuse(
          'groups_too_long',
          `The ${subject.groups.length} groups and claims do not fit in a certificate: let the issuer send fewer.`,
        )
      const said: Certificate = {
        key: certified,
        serial: randomBytes(8).readBigUInt64BE(),
        kind: 'user',
        keyId: `${subject.id} ${tokenId}`,
        principals: targets,
        ...span(clock.now(), validBefore),
        criticalOptions: new Map([
          ...(command === undefined ? [] : [['force-command', string(command)] as const]),
          ...(from === undefined ? [] : [['source-address', string(from.join(','))] as const]),
        ]),
        extensions: new Map([
          // What is for one command opens no way beside it.
          ...(command === undefined ? permits : ['permit-pty']).map((name) => [name, none] as const),
          [identityExtension, string(who)],
        ]),
      }
      return {
        certificate: seal(said),
        serial: String(said.serial),
        keyId: said.keyId,
        fingerprint: fingerprint(certified.blob),
        validUntil: validBefore * 1000,
      }
    },

    issueHost(hostKey, names, lifeMs) {
      return seal({
        key: publicKeyOf(ed25519Blob(hostKey)),
        serial: randomBytes(8).readBigUInt64BE(),
        kind: 'host',
        keyId: `sluice ${names.join(' ')}`,
        principals: names,
        ...span(clock.now(), Math.floor((clock.now() + lifeMs) / 1000)),
        criticalOptions: new Map(),
        extensions: new Map(),
      })
    },
  }
}

/** From a little before now: clocks of other gateways and of clients may be behind. */
function span(now: number, before: number): Pick<Certificate, 'validAfter' | 'validBefore'> {
  return {
    validAfter: BigInt(Math.floor((now - limits.clockSkewMs) / 1000)),
    validBefore: BigInt(before),
  }
}

function keyIn(line: string): PublicKey {
  try {
    return publicKeyLine(line)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    refuse('public_key', `The public key is not usable: ${error.message}.`, error)
  }
}
