import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import { fingerprintOf } from './fingerprint.ts'
import { limits } from './limits.ts'
import { certificate } from './x509.ts'

/** DER before the 32 bytes of an Ed25519 private key (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const authorityName = 'Sluice agents'
/** Before which no key of it was made. */
const epochMs = Date.UTC(2020, 0, 1)

/** By which agents know a gateway, at whatever address it is. */
export const gatewayHost = 'gateway.agents.sluice'

/**
 * Signs the certificates of agents, and those that gateways show to agents. All of it follows from its key, so that
 * gateways with the same key are one authority.
 */
export class AgentAuthority {
  /** PEM. */
  readonly certificate: string
  /** By which who has never seen it recognises it: SHA-256 of the certificate, base64url. */
  readonly pin: string
  readonly #privateKey: KeyObject

  /** `seed`: 32 secret bytes. */
  constructor(seed: KeyObject) {
    const key = Buffer.concat([pkcs8Prefix, seed.export()])
    this.#privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
    this.certificate = certificate({
      subject: authorityName,
      publicKey: createPublicKey(this.#privateKey),
      issuer: this.#issuer,
      from: epochMs,
      until: null,
      purpose: 'authority',
    })
    this.pin = pinOf(new X509Certificate(this.certificate))
  }

  get #issuer(): { readonly name: string; readonly privateKey: KeyObject } {
    return { name: authorityName, privateKey: this.#privateKey }
  }

  /** PEM, for the agent of that id. */
  forAgent(id: string, publicKey: KeyObject, now: number, lifeMs: number = limits.certificateLifeMs): string {
    const from = now - limits.clockSkewMs
    const issuer = this.#issuer
    return certificate({ subject: id, publicKey, issuer, from, until: now + lifeMs, purpose: 'client' })
  }

  /** What a gateway shows. The chain has the authority in it, for who knows only its pin. */
  forGateway(now: number): { readonly cert: string; readonly key: string } {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const own = certificate({
      subject: gatewayHost,
      publicKey,
      issuer: this.#issuer,
      from: now - limits.clockSkewMs,
      until: now + limits.gatewayCertificateLifeMs,
      purpose: 'server',
      host: gatewayHost,
    })
    return {
      cert: own + this.certificate,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
  }
}

export function pinOf({ raw }: Pick<X509Certificate, 'raw'>): string {
  return Buffer.from(fingerprintOf(raw), 'hex').toString('base64url')
}
