import type { Envelope } from '@sluice/schemas'

/** An envelope whose content is not yet in one piece. */
export type UnsealedEnvelope = Omit<Envelope, 'sealed'> & { readonly sealed: readonly Uint8Array[] | null }

/** Texts up to this are written byte by byte, which for ids is faster than any call out of the engine. */
const shortChars = 64

/**
 * Writes Avro's binary encoding of the envelope (Avro 1.11 §Data Serialization) where the disk takes it from. Every
 * event passes here, and its content, up to 64 KiB, is copied only once; the tests hold it to the library's bytes.
 */
class EnvelopeWriter {
  #into: Buffer = Buffer.alloc(0)
  #at = 0

  /** The end, or -1 when there is no room. */
  write(envelope: UnsealedEnvelope, into: Buffer, at: number): number {
    if (into.length - at < bytesMax(envelope)) return -1
    this.#into = into
    this.#at = at
    this.#text(envelope.id)
    this.#text(envelope.stream)
    this.#long(envelope.seq)
    this.#text(envelope.writer)
    this.#long(envelope.epoch)
    this.#long(envelope.time)
    this.#optionalText(envelope.trace_id)
    this.#optionalText(envelope.run_id)
    this.#text(envelope.type)
    this.#long(envelope.schema)
    this.#bytes([envelope.data])
    this.#optionalBytes(envelope.sealed)
    this.#fixed(envelope.prev_hash)
    this.#fixed(envelope.hash)
    this.#optionalBytes(envelope.sig === null ? null : [envelope.sig])
    return this.#at
  }

  /** Zigzag, then seven bits in each byte. Beyond 31 bits by division: shifts would cut the number. */
  #long(value: number): void {
    let rest = value >= 0 ? 2 * value : -2 * value - 1
    while (rest > 0x7f) {
      this.#into[this.#at++] = rest > 0x7fff_ffff ? (rest % 0x80) | 0x80 : (rest & 0x7f) | 0x80
      rest = rest > 0x7fff_ffff ? Math.floor(rest / 0x80) : rest >>> 7
    }
    this.#into[this.#at++] = rest
  }

  #text(text: string): void {
    if (text.length <= shortChars && this.#ascii(text)) return
    const bytes = Buffer.byteLength(text)
    this.#long(bytes)
    this.#at += this.#into.write(text, this.#at, bytes, 'utf8')
  }

  /** Whether it was ASCII, and is written. */
  #ascii(text: string): boolean {
    const start = this.#at
    this.#long(text.length)
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) {
        this.#at = start
        return false
      }
      this.#into[this.#at++] = code
    }
    return true
  }

  #optionalText(text: string | null): void {
    this.#long(text === null ? 0 : 1)
    if (text !== null) this.#text(text)
  }

  #bytes(parts: readonly Uint8Array[]): void {
    this.#long(lengthOf(parts))
    for (const part of parts) this.#fixed(part)
  }

  #optionalBytes(parts: readonly Uint8Array[] | null): void {
    this.#long(parts === null ? 0 : 1)
    if (parts !== null) this.#bytes(parts)
  }

  #fixed(bytes: Uint8Array): void {
    const end = this.#at + bytes.length
    // What is written to is shared with the thread that writes to the disk, where `set` and `copy` go word by word.
    if (bytes.length < filledFromBytes) this.#into.set(bytes, this.#at)
    else this.#into.fill(bytes, this.#at, end)
    this.#at = end
  }
}

/** From here on `fill`, which is one `memcpy`, is faster: thirty times where 64 KiB are written. */
const filledFromBytes = 128

const writer = new EnvelopeWriter()

/** Writes at `at`; the end, or -1 when there may be no room. */
export function writeEnvelope(envelope: UnsealedEnvelope, into: Buffer, at: number): number {
  return writer.write(envelope, into, at)
}

/** Numbers, lengths and union branches at their longest, and both hashes. */
const overheadBytes = 256

/** A character has at most three bytes in UTF-8: one beyond the basic plane counts as two. */
function bytesMax({
  id,
  stream,
  writer,
  trace_id,
  run_id,
  type,
  data,
  sealed,
  sig,
}: UnsealedEnvelope): number {
  const chars =
    id.length + stream.length + writer.length + type.length + (trace_id?.length ?? 0) + (run_id?.length ?? 0)
  return (
    overheadBytes + 3 * chars + data.length + (sealed === null ? 0 : lengthOf(sealed)) + (sig?.length ?? 0)
  )
}

function lengthOf(parts: readonly Uint8Array[]): number {
  let bytes = 0
  for (const part of parts) bytes += part.length
  return bytes
}
