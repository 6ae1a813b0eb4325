import type { ServerChannel } from 'ssh2'

/** What the library keeps of a channel until its window opens. */
export const kept = ['_chunk', '_chunkErr', '_chunkcb', '_chunkcbErr'] as const
const nothing = Object.fromEntries(kept.map((field) => [field, undefined]))

/**
 * The library keeps what it could not write at once, and takes it for unwritten again when the other stream of the
 * channel waits next. Nothing waits here between two pieces, so there is nothing to be kept.
 */
export function forgetWritten(channel: ServerChannel): void {
  Object.assign(channel, nothing)
}
