import type { Client, Connection } from 'ssh2'
import { certificateOf, certificateSuffix } from '../certificate.ts'
import {
  offerHostKeys,
  onKeyExchange,
  onVerification,
  protocolOf,
  type KeyExchange,
  type LibraryKey,
} from './internals.ts'

/**
 * Host certificates in the exchange of keys (RFC 4253 §8). What the host shows is its certificate, and the hash of the
 * exchange is over that; the signature of the hash is of the certified key, under the name of that. The library verifies
 * what a host shows by the very name that was negotiated, so each gets the one that it understands at its time. Where the
 * library read them in another order, no signature would be found valid.
 */

/** Lets a host show any of these. Whether a certificate is to be believed, the verifier of host keys says. */
export function expectHostKeys(client: Client, names: readonly string[]): void {
  const protocol = protocolOf(client)
  offerHostKeys(protocol, names)
  onKeyExchange(protocol, (exchange) => {
    const { negotiated } = exchange
    const plain = plainName(exchange)
    if (plain === undefined) return
    negotiated.serverHostKey = blobType(plain)
    onVerification(exchange, () => {
      negotiated.serverHostKey = plain
      exchange._hostKey = certificateOf(exchange._hostKey).key
    })
  })
}

/** Shows a certificate over the plain key of this type to whoever asks for one, and the key itself to all others. */
export function presentCertificate(connection: Connection, type: string, certificate: () => Buffer): void {
  const protocol = protocolOf(connection)
  const keys = protocol._hostKeys
  const key = keys?.[type]
  if (key === undefined) throw new Error(`there is no host key of type ${type}`)
  offerHostKeys(protocol, [`${type}${certificateSuffix}`, ...Object.keys(keys ?? {})])
  let certified: LibraryKey | undefined
  onKeyExchange(protocol, (exchange) => {
    const plain = plainName(exchange)
    protocol._hostKeys = keys
    if (plain === undefined) return
    // The same one for as long as the connection lasts: a client takes another one for another host.
    const shown = certified === undefined ? certificate() : certified.getPublicSSH()
    certified = Object.create(key, { getPublicSSH: { value: () => shown } }) as LibraryKey
    exchange.negotiated.serverHostKey = plain
    protocol._hostKeys = { ...keys, [plain]: certified }
  })
}

/** E.g. `rsa-sha2-512` of its certificate; `undefined`: a plain key was negotiated. */
function plainName({ negotiated: { serverHostKey: name } }: KeyExchange): string | undefined {
  return name.endsWith(certificateSuffix) ? name.slice(0, -certificateSuffix.length) : undefined
}

/** The type at the beginning of a certificate: that of its key, whatever the signature. */
function blobType(plain: string): string {
  return `${plain.startsWith('rsa-') ? 'ssh-rsa' : plain}${certificateSuffix}`
}
