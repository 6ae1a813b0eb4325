import { createRequire } from 'node:module'
import type { Client, Connection } from 'ssh2'

/**
 * What the library keeps to itself and certificates need of it. The library knows no certificates: it negotiates plain host
 * keys, and names signatures after what it asks for. All that is touched of it is named here.
 */

/** The version that this was written for. Another one is not started with: what follows may mean something else there. */
const known = '1.17.0'

/** A key that was read, of which other objects may be made that say something else of it. */
export interface LibraryKey {
  readonly type: string
  getPublicSSH(): Buffer
  /** Raw bytes, of ECDSA in ASN.1. */
  sign(data: Buffer, hash?: string): Buffer | Error
  verify(data: Buffer, signature: Buffer, hash?: string): boolean | Error
  isPrivateKey(): boolean
}

/** One exchange of keys; a connection has several in its life. */
export interface KeyExchange {
  readonly negotiated: { serverHostKey: string }
  /** At the client: what the host showed, and its signature over the hash of the exchange. */
  _hostKey: Buffer
  _sig: Buffer | undefined
}

interface NameLists {
  readonly kex: NameList
  readonly serverHostKey: NameList
  readonly cs: Directed
  readonly sc: Directed
}
interface Directed {
  readonly cipher: NameList
  readonly mac: NameList
  readonly compress: NameList
  readonly lang: NameList
}
interface NameList {
  readonly array: readonly string[]
}

/** What this side offers, as it is sent. */
interface Offer {
  readonly lists: NameLists
}

export interface Protocol {
  _offer: Offer
  _kex: KeyExchange | undefined
  /** At a server, by the names that may be negotiated. */
  _hostKeys: Readonly<Record<string, LibraryKey>> | undefined
  readonly _authsQueue: string[]
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number
      alloc(length: number): Buffer
      finalize(packet: Buffer): Buffer
    }
  }
  /** Without `sign` it only asks whether a signature would be of use. `request`: what is to be signed. */
  authPK(
    user: string,
    key: LibraryKey,
    algorithm: string | undefined,
    sign?: (request: Buffer, signed: (signature: Buffer) => void) => void,
  ): void
}

interface Parts {
  readonly KexInit: new (lists: unknown) => Offer
  readonly sendPacket: (protocol: Protocol, packet: Buffer) => void
  readonly convertSignature: (signature: Buffer, type: string) => Buffer | false | undefined
}

const require = createRequire(import.meta.url)
const parts = partsOf(
  require('ssh2/package.json') as { readonly version: string },
  require('ssh2/lib/protocol/kex.js') as Partial<Parts>,
  require('ssh2/lib/protocol/utils.js') as Partial<Parts>,
)

/** Throws where the library is not the one that is known. */
export function partsOf(
  { version }: { readonly version: string },
  { KexInit }: Partial<Parts>,
  { sendPacket, convertSignature }: Partial<Parts>,
): Parts {
  const isThere = [KexInit, sendPacket, convertSignature].every((part) => typeof part === 'function')
  if (version !== known || !isThere) throw changed(`it is ${version} and not ${known}`)
  return { KexInit, sendPacket, convertSignature } as Parts
}

/** Of a connection in either direction. Throws where it looks otherwise than it is known. */
export function protocolOf(connection: Client | Connection): Protocol {
  const protocol = (connection as unknown as { readonly _protocol?: Partial<Protocol> })._protocol
  const lists = protocol?._offer?.lists
  const isKnown =
    Array.isArray(lists?.serverHostKey?.array) &&
    Array.isArray(lists.sc?.lang?.array) &&
    Object.hasOwn(protocol ?? {}, '_kex') &&
    protocol?._kex === undefined &&
    Array.isArray(protocol?._authsQueue) &&
    typeof protocol._packetRW?.write?.alloc === 'function' &&
    typeof protocol.authPK === 'function'
  if (!isKnown) throw changed('a connection has another shape')
  return protocol as Protocol
}

/** Offers these kinds of host keys, and all else as before. Before anything was sent. */
export function offerHostKeys(protocol: Protocol, serverHostKey: readonly string[]): void {
  const { kex, cs, sc } = protocol._offer.lists
  const directed = ({ cipher, mac, compress, lang }: Directed) => ({
    cipher: cipher.array,
    mac: mac.array,
    compress: compress.array,
    lang: lang.array,
  })
  protocol._offer = new parts.KexInit({
    kex: kex.array,
    serverHostKey,
    cs: directed(cs),
    sc: directed(sc),
  })
}

/** Calls `begun` with each exchange of keys once it is known what was negotiated, and before anything more is read. */
export function onKeyExchange(protocol: Protocol, begun: (exchange: KeyExchange) => void): void {
  let current: KeyExchange | undefined
  Object.defineProperty(protocol, '_kex', {
    get: () => current,
    set: (exchange: KeyExchange) => {
      current = exchange
      begun(exchange)
    },
  })
}

/** Calls `taken` when the signature of the host is taken out to be verified: the hash that it is of has been made by then. */
export function onVerification(exchange: KeyExchange, taken: () => void): void {
  let signature = exchange._sig
  Object.defineProperty(exchange, '_sig', {
    get: () => {
      if (signature !== undefined) taken()
      return signature
    },
    set: (value: Buffer | undefined) => {
      signature = value
    },
  })
}

/** As SSH writes the signature of a key of this type, without its name. Throws. */
export function rawSignature(signature: Buffer | Error, type: string): Buffer {
  if (signature instanceof Error) throw signature
  const raw = parts.convertSignature(signature, type)
  if (!Buffer.isBuffer(raw)) throw new Error('the key made no signature')
  return raw
}

/** Sends a whole request to be let in. */
export function sendLogin(protocol: Protocol, request: Buffer): void {
  const { write } = protocol._packetRW
  const at = write.allocStart
  const packet = write.alloc(request.length)
  packet.set(request, at)
  protocol._authsQueue.push('publickey')
  parts.sendPacket(protocol, write.finalize(packet))
}

function changed(how: string): Error {
  return new Error(
    `the SSH library is not the one that certificates were fitted to: ${how}. Look at adapters/ssh/src/library/`,
  )
}
