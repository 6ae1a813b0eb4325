import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { onStall, worded, type Refusal } from '@sluice/core'
import type { Conversation } from './conversation.ts'
import type { Caller } from './hand-over.ts'
import { refuse } from './refuse.ts'

/** A connection whose caller has been told the last word may stay open for so long, for it to read that. */
const lingerMs = 10_000

/** A request, and who waits for its answer. */
export interface Asked extends Caller {
  readonly request: IncomingMessage
}

/**
 * A request that is refused before all of its body is there: its answer is the last one. What is still on its way is read,
 * and dropped, for a while, since a connection that is closed at once takes away the answer from who still sends.
 */
export function partAfter({ request, response, socket, stallMs }: Asked): void {
  response.shouldKeepAlive = false
  // By this the server ends a connection behind its last answer.
  socket.destroySoon = () => {
    request.resume()
    hangUp(socket, stallMs)
  }
}

/** A request behind which nobody reads on: it is the last one, and answered behind what came before. */
export function partBehind(
  request: IncomingMessage,
  conversation: Conversation,
  reason: Refusal,
  stallMs: number,
): void {
  const { socket } = request
  socket.on('error', () => {})
  socket.resume()
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  onceAnswered(socket, conversation, () => {
    response.assignSocket(socket)
    response.once('finish', () => hangUp(socket, stallMs))
    conversation.refuse(request, response, reason)
  })
}

/** Tells `last` behind the answers of what came before: within one it would be taken for a part of it. */
export function onceAnswered(socket: Socket, { answered }: Conversation, last: () => void): void {
  // Who does not wait for these answers is gone. Nobody else would notice.
  const gone = (): void => void socket.destroy()
  socket.once('end', gone)
  void answered.then(() => {
    socket.off('end', gone)
    if (socket.writable) last()
    else socket.destroy()
  })
}

/** A refusal where there is no request to answer: the bytes cannot be trusted any more, so the connection ends. */
export function farewell(socket: Socket, reason: Refusal, stallMs: number): void {
  const [head, body] = refuse(worded(reason, null))
  if (head?.kind !== 'head' || body?.kind !== 'data') return void socket.destroy()
  const lines = head.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(`HTTP/1.1 ${head.status} Refused\r\n${lines}connection: close\r\n\r\n`)
  socket.write(body.bytes)
  hangUp(socket, stallMs)
}

/** What was answered still arrives, also where the caller goes on sending; but nobody waits for ever that it is taken. */
function hangUp(socket: Socket, stallMs: number): void {
  const late = onStall(stallMs, () => socket.destroy())
  socket.once('close', () => late[Symbol.dispose]())
  socket.end(() => {
    late[Symbol.dispose]()
    if (socket.destroyed) return
    const lingering = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(lingering))
  })
}
