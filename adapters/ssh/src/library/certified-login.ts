import { sign, type KeyObject } from 'node:crypto'
import ssh2, { type Client } from 'ssh2'
import { certificateOf, certificateSuffix } from '../certificate.ts'
import { text } from '../wire.ts'
import { protocolOf, rawSignature, sendLogin, type LibraryKey } from './internals.ts'

/** A private key that is shown as a certificate over it. */
export interface CertifiedKey {
  readonly key: LibraryKey
  /** By which its signatures are named, e.g. `rsa-sha2-512`. */
  readonly signature: string
}

/** With a key as OpenSSH keeps it. Throws where it cannot be read, or the certificate is not over it. */
export function certifiedKey(privateKey: string, certificate: Buffer): CertifiedKey {
  const key = read(privateKey)
  if (!key.isPrivateKey()) throw new Error('it is no private key')
  const [signature, hash] = key.type === 'ssh-rsa' ? ['rsa-sha2-512', 'sha512'] : [key.type, undefined]
  return shownAs(certificate, key, signature, (data) => rawSignature(key.sign(data, hash), key.type))
}

/** With a key of Ed25519 that only this process has. */
export function certifiedFreshKey(privateKey: KeyObject, certificate: Buffer): CertifiedKey {
  const key = read(certificateOf(certificate).key)
  return shownAs(certificate, key, key.type, (data) => sign(null, data, privateKey))
}

function shownAs(
  certificate: Buffer,
  plain: LibraryKey,
  signature: string,
  signed: (data: Buffer) => Buffer,
): CertifiedKey {
  if (!certificateOf(certificate).key.equals(plain.getPublicSSH()))
    throw new Error('the certificate is not over the private key')
  const key = Object.create(plain, {
    type: { value: `${signature}${certificateSuffix}` },
    getPublicSSH: { value: () => certificate },
    isPrivateKey: { value: () => true },
    sign: { value: signed },
  }) as LibraryKey
  return { key, signature }
}

function read(key: string | Buffer): LibraryKey {
  const parsed = ssh2.utils.parseKey(key)
  if (parsed instanceof Error) throw parsed
  return parsed
}

/** The library would name the signature after the certificate; OpenSSH wants it named after the key (PROTOCOL.certkeys). */
export function signAsPlain(client: Client, { signature: name }: CertifiedKey): void {
  const protocol = protocolOf(client)
  const ask = protocol.authPK.bind(protocol)
  protocol.authPK = (user, key, algorithm, signed) => {
    if (signed === undefined) return ask(user, key, algorithm)
    ask(user, key, algorithm, (request) =>
      signed(request, (signature) => {
        // Behind the id of the session, which is signed and not sent.
        const said = request.subarray(4 + request.readUInt32BE(0))
        sendLogin(protocol, Buffer.concat([said, text(Buffer.concat([text(name), text(signature)]))]))
      }),
    )
  }
}
