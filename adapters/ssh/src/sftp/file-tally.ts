import { createHash, type Hash } from 'node:crypto'
import { frame } from '../recorded-frames.ts'
import { Fields } from '../wire.ts'
import { types, type Packet } from './packet.ts'
import type { FileRequest } from './file-requests.ts'

/** What was read from and written to one open file, as the log tells it. */
export class FileTally {
  readonly #read = new Way()
  readonly #written = new Way()
  readonly #offsets = new Map<number, bigint>()

  asked({ id, use, fields }: FileRequest): void {
    if (use === 'read') this.#offsets.set(id, new Fields(fields).u64())
    if (use !== 'write') return
    const written = new Fields(fields)
    this.#written.add(written.u64(), written.string())
  }

  /** How many bytes of a file were in it. */
  answered({ id, type, fields }: Packet): number {
    const offset = this.#offsets.get(id)
    this.#offsets.delete(id)
    if (type !== types.data || offset === undefined) return 0
    const data = new Fields(fields).string()
    this.#read.add(offset, data)
    return data.length
  }

  summary(): Buffer {
    return frame('end', JSON.stringify({ read: this.#read.told(), written: this.#written.told() }))
  }
}

class Way {
  readonly #hash: Hash = createHash('sha256')
  #bytes = 0n
  #inOrder = true

  add(offset: bigint, data: Buffer): void {
    this.#inOrder &&= offset === this.#bytes
    this.#bytes += BigInt(data.length)
    this.#hash.update(data)
  }

  /** The hash is that of the file's content where it went from the beginning on, piece by piece. */
  told(): { readonly bytes: number; readonly sha256: string; readonly in_order: boolean } | null {
    if (this.#bytes === 0n) return null
    return { bytes: Number(this.#bytes), sha256: this.#hash.copy().digest('hex'), in_order: this.#inOrder }
  }
}
