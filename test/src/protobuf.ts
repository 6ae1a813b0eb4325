/** One message of Protocol Buffers: its values by field number, in their order. Throws for what is none. */
export class ProtobufMessage {
  readonly #fields = new Map<number, (bigint | Buffer)[]>()

  constructor(bytes: Buffer) {
    for (let at = 0; at < bytes.length;) {
      const key = varint(bytes, at)
      const { value, end } = valueAt(bytes, key.end, Number(key.value & 7n))
      const field = Number(key.value >> 3n)
      this.#fields.set(field, [...(this.#fields.get(field) ?? []), value])
      at = end
    }
  }

  messages(field: number): readonly ProtobufMessage[] {
    return this.#bytesOf(field).map((bytes) => new ProtobufMessage(bytes))
  }

  text(field: number): string {
    return this.#bytesOf(field)[0]?.toString() ?? ''
  }

  hex(field: number): string {
    return this.#bytesOf(field)[0]?.toString('hex') ?? ''
  }

  number(field: number): bigint | undefined {
    const [value] = this.#fields.get(field) ?? []
    return typeof value === 'bigint' ? value : undefined
  }

  #bytesOf(field: number): readonly Buffer[] {
    return (this.#fields.get(field) ?? []).filter((value) => Buffer.isBuffer(value))
  }
}

interface Read<T> {
  readonly value: T
  readonly end: number
}

function varint(bytes: Buffer, from: number): Read<bigint> {
  let value = 0n
  for (let at = from, shift = 0n; shift < 70n; at++, shift += 7n) {
    const byte = bytes[at]
    if (byte === undefined) break
    value |= BigInt(byte & 127) << shift
    if (byte < 128) return { value, end: at + 1 }
  }
  throw new Error('a number without an end')
}

function valueAt(bytes: Buffer, from: number, wireType: number): Read<bigint | Buffer> {
  switch (wireType) {
    case 0:
      return varint(bytes, from)
    case 1:
      return { value: bytes.readBigUInt64LE(from), end: from + 8 }
    case 2: {
      const { value, end } = varint(bytes, from)
      const until = end + Number(value)
      if (until > bytes.length) throw new Error('a value that is longer than its message')
      return { value: bytes.subarray(end, until), end: until }
    }
    case 5:
      return { value: BigInt(bytes.readUInt32LE(from)), end: from + 4 }
    default:
      throw new Error(`no wire type: ${wireType}`)
  }
}
