import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { onStall } from '@sluice/core'
import type { Reply } from './replies.ts'

/** Who gets an answer. The connection is kept apart, since a request whose body is given up does not know it any more. */
export interface Caller {
  readonly response: ServerResponse
  readonly socket: Socket
  /** How long it may take nothing of what is ready for it. */
  readonly stallMs: number
}

/** Hands a piece of an answer to the caller. Resolves when there is room for more. */
export function handOver(reply: Reply, caller: Caller): Promise<void> | undefined {
  const { response } = caller
  if (response.destroyed) return undefined
  switch (reply.kind) {
    case 'head':
      response.writeHead(reply.status, reply.headers.flat())
      return undefined
    case 'data':
      return response.write(reply.bytes) ? undefined : taking(caller, 'drain')
    case 'end':
      if (reply.trailers.length > 0 && !response.hasHeader('content-length'))
        response.addTrailers(reply.trailers.map(([name, value]): [string, string] => [name, value]))
      response.end()
      return undefined
  }
}

/** Resolves when the connection has all of an answer. Nearly always it has it at once. */
export function taken(caller: Caller): Promise<void> | undefined {
  return caller.response.writableFinished ? undefined : taking(caller, 'finish')
}

/** Or the caller is gone: one that takes nothing of what is ready for it, for too long, is made to go. */
function taking({ response, socket, stallMs }: Caller, event: 'drain' | 'finish'): Promise<void> {
  if (socket.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const late = onStall(stallMs, () => socket.destroy())
    const done = (): void => {
      late[Symbol.dispose]()
      response.off(event, done)
      socket.off('drain', drained)
      socket.off('close', done)
      resolve()
    }
    // Of a connection that is not read on, as behind CONNECT, only the socket tells that there is room.
    const drained = (): void => {
      if (event === 'drain') done()
    }
    response.on(event, done)
    socket.on('drain', drained)
    socket.on('close', done)
  })
}
