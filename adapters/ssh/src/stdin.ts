import { createHash } from 'node:crypto'
import type { Shown } from '@sluice/core'
import { frame } from './recorded-frames.ts'

/** What the caller streams to a command: its beginning is recorded, and of all of it the length and the hash. */
export async function* shownStdin(
  body: AsyncIterable<Buffer>,
  recordBytesMax: number,
): AsyncGenerator<Shown<Buffer>> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const item of body) {
    hash.update(item)
    const recorded = item.subarray(0, Math.max(0, recordBytesMax - bytes))
    bytes += item.length
    yield { item, record: recorded.length === 0 ? nothing : frame('stdin', recorded), rows: 0, masked: [] }
  }
  const end = frame('stdin_end', JSON.stringify({ bytes, sha256: hash.digest('hex') }))
  if (bytes > 0) yield { item: nothing, record: end, rows: 0, masked: [] }
}

/** What is typed at a terminal: passwords are in it, so it is recorded only where it is echoed. */
export async function* typed(body: AsyncIterable<Buffer>): AsyncGenerator<Shown<Buffer>> {
  for await (const item of body) yield { item, record: nothing, rows: 0, masked: [] }
}

const nothing = Buffer.alloc(0)
