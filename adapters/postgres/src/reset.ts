import type { Duplex } from 'node:stream'
import { limits } from '@sluice/core'
import { connectionState, discardAll } from './constants.ts'
import { takeReply } from './frames.ts'
import { back } from './messages.ts'
import { receive, Receiver } from './receiver.ts'
import { Cursor, headerBytes, parseError } from './wire.ts'

/** A server that does not answer the gateway's own questions in this time is not worth another one. */
const answerMs = 5_000
const idleStatus = 0x49
const yes = 't'

/** What a session finds on a connection. */
export interface ConnectionState {
  /** Equal for two sessions that find the same. */
  readonly digest: string
  /** The server keeps something that no reset reaches. */
  readonly remembers: boolean
}

/** Takes away what a session has left on a connection at rest. Throws when the server did not do it. */
export async function reset(socket: Duplex): Promise<void> {
  await asked(socket, discardAll)
}

/** Throws when the server does not tell. */
export async function stateOf(socket: Duplex): Promise<ConnectionState> {
  const [digest, remembers] = await asked(socket, connectionState)
  if (digest === undefined || remembers === undefined) throw new Error('the server did not tell its state')
  return { digest, remembers: remembers === yes }
}

/** One constant Query and all of its answer, up to a ReadyForQuery outside of any transaction; gives the last row. */
async function asked(socket: Duplex, question: Buffer): Promise<readonly string[]> {
  const receiver = new Receiver(socket)
  const timer = setTimeout(() => socket.destroy(), answerMs)
  let row: readonly string[] = []
  try {
    socket.write(question)
    for (;;) {
      const message = await receive(receiver, (buffer) => takeReply(buffer, limits.requestBytesMax))
      if (message === undefined) throw new Error('the server closed the connection')
      const cursor = new Cursor(message, headerBytes)
      switch (message[0]) {
        case back.dataRow:
          row = Array.from({ length: cursor.uint16() }, () => cell(cursor))
          break
        case back.readyForQuery:
          // Whatever comes behind it belongs to somebody else.
          if (message[headerBytes] !== idleStatus || receiver.buffer.length > 0)
            throw new Error('the server is not at rest')
          return row
        case back.rowDescription:
        case back.commandComplete:
        // What the session before was to hear of is not for the next one.
        case back.parameterStatus:
        case back.noticeResponse:
        case back.notificationResponse:
          break
        case back.errorResponse:
          throw new Error(`the server refused (SQLSTATE ${parseError(message).get('C') ?? ''})`)
        default:
          throw new Error(`the server sent message type ${String(message[0])} out of turn`)
      }
    }
  } finally {
    clearTimeout(timer)
    receiver.detach()
  }
}

function cell(cursor: Cursor): string {
  const length = cursor.int32()
  return length < 0 ? '' : cursor.bytes(length).toString()
}
