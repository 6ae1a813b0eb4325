import { isIPv4, isIPv6 } from 'node:net'
import { parts, Undecodable, type DataType } from './data-type.ts'

/** Bits of the prefix, and an address of 4 or 16 bytes. */
interface Network {
  readonly bits: number
  readonly address: Buffer
}

/** The family byte of the binary format. */
const families = { v4: 2, v6: 3 }

function networkType(name: 'inet' | 'cidr'): DataType<Network> {
  return {
    name,
    decode(bytes, format) {
      const { bits, address } = format === 'binary' ? fromBinary(bytes, name) : fromText(bytes, name)
      const outside = name === 'cidr' && !prefix(address, bits).equals(address)
      if (bits > 8 * address.length || outside) throw new Undecodable(name)
      return { bits, address }
    },
    encode(value, format) {
      if (format === 'text') return Buffer.from(toText(value, name === 'cidr'))
      const { bits, address } = value
      const family = address.length === 4 ? families.v4 : families.v6
      const head = [family, bits, name === 'cidr' ? 1 : 0, address.length]
      return Buffer.concat([Buffer.from(head), address])
    },
    canonical: (value) => toText(value, true),
    redacted: { bits: 32, address: Buffer.alloc(4) },
    partial: (value) => shortened(value, 16, 32),
    generalise(to = '24,64') {
      const [, v4, v6 = '64'] = /^(\d{1,2})(?:,(\d{1,3}))?$/.exec(to) ?? []
      if (v4 === undefined || Number(v4) > 31 || Number(v6) > 127) return undefined
      return (value) => shortened(value, Number(v4), Number(v6))
    },
    // An address of a private network, where no real one is.
    pseudonym: (digest, { address: { length } }) => ({
      bits: 8 * length,
      address: Buffer.concat([Buffer.from([length === 4 ? 10 : 0xfd]), digest.subarray(0, length - 1)]),
    }),
  }
}

function shortened({ bits, address }: Network, v4: number, v6: number): Network {
  const kept = Math.min(bits, address.length === 4 ? v4 : v6)
  return { bits: kept, address: prefix(address, kept) }
}

/** The address with everything behind its first `bits` bits cleared. */
function prefix(address: Buffer, bits: number): Buffer {
  return Buffer.from(address.map((byte, at) => byte & (0xff00 >> Math.min(Math.max(bits - 8 * at, 0), 8))))
}

function fromBinary(bytes: Buffer, name: string): Network {
  const [family, bits, , length] = bytes
  const expected = family === families.v4 ? 4 : family === families.v6 ? 16 : undefined
  if (bits === undefined || length === undefined || length !== expected || bytes.length !== 4 + length)
    throw new Undecodable(name)
  return { bits, address: bytes.subarray(4) }
}

function fromText(bytes: Buffer, name: string): Network {
  const [, host = '', bits] = parts(bytes, /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i, name)
  const address = isIPv4(host) ? fourBytes(host) : isIPv6(host) ? sixteenBytes(host) : undefined
  if (address === undefined) throw new Undecodable(name)
  return { bits: bits === undefined ? 8 * address.length : Number(bits), address }
}

function fourBytes(host: string): Buffer {
  return Buffer.from(host.split('.').map(Number))
}

function sixteenBytes(host: string): Buffer {
  const [front = '', back] = host.split('::')
  const first = groups(front)
  const last = groups(back ?? '')
  return Buffer.concat([first, Buffer.alloc(16 - first.length - last.length), last])
}

/** `2001:db8` and, at the end of an address, `192.0.2.1`. */
function groups(text: string): Buffer {
  if (text === '') return Buffer.alloc(0)
  return Buffer.concat(
    text
      .split(':')
      .map((group) => (group.includes('.') ? fourBytes(group) : Buffer.from(group.padStart(4, '0'), 'hex'))),
  )
}

/** The prefix of a whole address goes without saying, but in a cidr. */
function toText({ bits, address }: Network, always: boolean): string {
  const host =
    address.length === 4 ? address.join('.') : (address.toString('hex').match(/.{4}/g) ?? []).join(':')
  return bits === 8 * address.length && !always ? host : `${host}/${bits}`
}

export const inet: DataType<Network> = networkType('inet')
export const cidr: DataType<Network> = networkType('cidr')
