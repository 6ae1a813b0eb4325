import { parts, sized, type DataType } from './data-type.ts'

/** Bytes that name who made the device. */
const vendorBytes = 3
/** Set in an address that no vendor gave. */
const locallyAdministered = 0x02

function hardwareAddress(name: string, length: number): DataType<Buffer> {
  const form = new RegExp(`^[\\da-f]{2}(?::[\\da-f]{2}){${length - 1}}$`)
  return {
    name,
    decode(bytes, format) {
      if (format === 'binary') return sized(bytes, length, name)
      const [text] = parts(bytes, form, name)
      return Buffer.from(text.replaceAll(':', ''), 'hex')
    },
    encode: (value, format) =>
      format === 'binary' ? value : Buffer.from((value.toString('hex').match(/../g) ?? []).join(':')),
    canonical: (value) => value.toString('hex'),
    redacted: Buffer.alloc(length),
    partial: (value) => Buffer.concat([value.subarray(0, vendorBytes), Buffer.alloc(length - vendorBytes)]),
    pseudonym: (digest) => Buffer.concat([Buffer.from([locallyAdministered]), digest.subarray(1, length)]),
  }
}

export const macaddr: DataType<Buffer> = hardwareAddress('macaddr', 6)
export const macaddr8: DataType<Buffer> = hardwareAddress('macaddr8', 8)
