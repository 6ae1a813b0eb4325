import type { Transform } from 'node:stream'
import { constants, createBrotliCompress, createDeflate, createGzip, createZstdCompress } from 'node:zlib'
import type { Coding } from './coding.ts'

/** Codes content as it streams: what was pushed can be read by whoever has the bytes that came back. */
export class Encoder {
  readonly #transform: Transform
  readonly #broken = Promise.withResolvers<never>()

  constructor(coding: Coding) {
    this.#transform = compressor(coding)
    this.#broken.promise.catch(() => {})
    this.#transform.on('error', this.#broken.reject)
    this.#transform.on('close', () => this.#broken.reject(new Error('the content is not coded any more')))
  }

  /** One piece after another. */
  push(bytes: Uint8Array): Promise<Buffer> {
    return this.#unlessBroken((done) => {
      this.#transform.write(bytes, () => done((this.#transform.read() as Buffer | null) ?? nothing))
    })
  }

  /** What ends the content; it cannot be used any more. */
  end(): Promise<Buffer> {
    const pieces: Buffer[] = []
    return this.#unlessBroken((done) => {
      this.#transform.on('data', (piece: Buffer) => pieces.push(piece))
      this.#transform.once('end', () => done(Buffer.concat(pieces)))
      this.#transform.end()
    })
  }

  /** Nobody wants the rest. Idempotent. */
  close(): void {
    this.#transform.destroy()
  }

  #unlessBroken(feed: (done: (coded: Buffer) => void) => void): Promise<Buffer> {
    return Promise.race([new Promise<Buffer>(feed), this.#broken.promise])
  }
}

const nothing = Buffer.alloc(0)

/** All that a piece becomes is there when it has been taken in, however much that is. */
const whole = { readableHighWaterMark: Number.MAX_SAFE_INTEGER }

/**
 * At levels and with windows that cost little for each answer: of 10 KB of JSON the best would save little more, and take
 * many times as long.
 */
function compressor(coding: Coding): Transform {
  switch (coding) {
    case 'gzip':
      return createGzip({ ...whole, flush: constants.Z_SYNC_FLUSH, level: 1 })
    case 'deflate':
      return createDeflate({ ...whole, flush: constants.Z_SYNC_FLUSH, level: 1 })
    case 'br':
      return createBrotliCompress({
        ...whole,
        flush: constants.BROTLI_OPERATION_FLUSH,
        params: {
          [constants.BROTLI_PARAM_QUALITY]: 1,
          [constants.BROTLI_PARAM_LGWIN]: 18,
        },
      })
    case 'zstd':
      return createZstdCompress({
        ...whole,
        flush: constants.ZSTD_e_flush,
        params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 18 },
      })
  }
}
