import { parts, Undecodable, type DataType } from './data-type.ts'

/**
 * Embeddings of pgvector, after its `vector_send` and its siblings. An embedding gives its text away to whoever has the
 * model, so that nothing of it is kept but its number of dimensions, without which distances to it could not be taken.
 */
function dense(name: string, bytesOfEach: number): DataType<number> {
  return {
    name,
    /** Numbers of dimensions. */
    decode(bytes, format) {
      if (format === 'text') return parts(bytes, /^\[[^,[\]]+(?:,[^,[\]]+)*\]$/, name)[0].split(',').length
      const dimensions = bytes.length < 4 ? 0 : bytes.readUInt16BE(0)
      if (dimensions === 0 || bytes.length !== 4 + dimensions * bytesOfEach) throw new Undecodable(name)
      return dimensions
    },
    encode(dimensions, format) {
      if (format === 'text') return Buffer.from(`[${Array<string>(dimensions).fill('0').join(',')}]`)
      const bytes = Buffer.alloc(4 + dimensions * bytesOfEach)
      bytes.writeUInt16BE(dimensions)
      return bytes
    },
    canonical: String,
    redacted: (dimensions) => dimensions,
  }
}

export const vector: DataType<number> = dense('vector', 4)
export const halfvec: DataType<number> = dense('halfvec', 2)

/** Dimensions, and how many of them are told: a number of places and then their values. */
export const sparsevec: DataType<number> = {
  name: 'sparsevec',
  decode(bytes, format) {
    if (format === 'text') return Number(parts(bytes, /^\{[^{}]*\}\/(\d{1,10})$/, 'sparsevec')[1])
    const told = bytes.length < 12 ? -1 : bytes.readInt32BE(4)
    if (told < 0 || bytes.length !== 12 + 8 * told) throw new Undecodable('sparsevec')
    return bytes.readInt32BE(0)
  },
  encode(dimensions, format) {
    if (format === 'text') return Buffer.from(`{}/${dimensions}`)
    const bytes = Buffer.alloc(12)
    bytes.writeInt32BE(dimensions)
    return bytes
  },
  canonical: String,
  redacted: (dimensions) => dimensions,
}
