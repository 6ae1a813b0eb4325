import { onStall } from '@sluice/core'
import type { ServerChannel } from 'ssh2'
import { forgetWritten } from './library/forget-written.ts'
import type { Reply } from './replies.ts'

/** Who gets an answer. */
export interface Caller {
  readonly channel: ServerChannel
  /** Ends the whole connection. */
  readonly cut: () => void
  /** How long it may take nothing of what is ready for it. */
  readonly stallMs: number
}

/**
 * Hands a piece of an answer to the caller, one after the other. Resolves when there is room for more; a caller that takes
 * nothing of what is ready for it, for too long, is cut off.
 */
export function handOver(reply: Reply, caller: Caller): Promise<void> | undefined {
  const { channel } = caller
  if (!channel.writable) return undefined
  switch (reply.kind) {
    case 'stdout':
      return written(channel, reply.bytes, caller)
    case 'stderr':
      return written(channel.stderr, reply.bytes, caller)
    case 'exit':
      channel.exit(reply.status)
      channel.end()
      return undefined
    case 'signal':
      channel.exit(reply.name, reply.core, reply.message)
      channel.end()
      return undefined
    case 'eof':
      channel.eof()
      return undefined
    case 'closed':
      channel.end()
      return undefined
  }
}

function written(
  stream: ServerChannel | ServerChannel['stderr'],
  bytes: Buffer,
  { channel, cut, stallMs }: Caller,
): Promise<void> | undefined {
  if (bytes.length === 0) return undefined
  forgetWritten(channel)
  const taken = Promise.withResolvers<void>()
  let done = false
  stream.write(bytes, () => {
    done = true
    taken.resolve()
  })
  // Nearly always the window has room for it at once.
  if (done) return undefined
  const late = onStall(stallMs, cut)
  const gone = (): void => taken.resolve()
  channel.once('close', gone)
  return taken.promise.finally(() => {
    late[Symbol.dispose]()
    channel.off('close', gone)
  })
}
