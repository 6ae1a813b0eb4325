import { open } from 'node:fs/promises'
import type { Clock } from '@sluice/core'
import type { Parcel } from './parcel.ts'

/** Keeps what a receiver refuses, so that the rest can go on. */
export interface DeadLetters {
  /** Resolves once it is on disk. */
  add(parcel: Parcel, reason: string): Promise<void>
}

/**
 * A file of JSON lines: what was to be sent, which never has content of requests in it, and why it was not taken. A
 * letter may be there twice, with the same id, when the process ended before it kept its place.
 */
export function deadLetterFile(file: string, clock: Pick<Clock, 'now'>): DeadLetters {
  return {
    async add({ id, type, stream, seq, kind, text }, reason) {
      const at = new Date(clock.now()).toISOString()
      const head = JSON.stringify({ at, id, type, stream, seq, reason })
      const body = kind === 'document' ? text : JSON.stringify(text)
      await using handle = await open(file, 'a', 0o600)
      const { size } = await handle.stat()
      // A crash may have cut the line before: this one begins its own.
      const start = size > 0 && !(await endsWithLine(file, size)) ? '\n' : ''
      await handle.appendFile(`${start}${head.slice(0, -1)},"body":${body}}\n`)
      await handle.sync()
    },
  }
}

async function endsWithLine(file: string, size: number): Promise<boolean> {
  await using handle = await open(file, 'r')
  const last = Buffer.alloc(1)
  await handle.read(last, 0, 1, size - 1)
  return last[0] === 0x0a
}
