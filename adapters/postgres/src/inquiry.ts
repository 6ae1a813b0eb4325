import { limits, type Reach } from '@sluice/core'
import { terminate } from './constants.ts'
import { takeReply } from './frames.ts'
import { login, type LoggedIn } from './login.ts'
import { back, front } from './messages.ts'
import { receive, Receiver } from './receiver.ts'
import type { PostgresSettings } from './target.ts'
import { cstring, Cursor, frame, headerBytes, parseError } from './wire.ts'

/** A target that takes longer to answer than this is not understood well enough to be guarded. */
const readMs = 30_000

/** Rows of texts; NULL is the empty one. */
export type Ask = (sql: string) => Promise<string[][]>

/**
 * Asks a target about itself, on a connection of its own and with constant texts alone. Throws `Refused` when there is no
 * connection, and when the target does not answer a question.
 */
export async function inquire<Found>(
  reach: Reach<PostgresSettings>,
  application: string,
  texts: ReadonlySet<string>,
  work: (ask: Ask, login: LoggedIn) => Promise<Found>,
): Promise<Found> {
  const loggedIn = await login(reach, new Map([['application_name', application]]))
  const { socket } = loggedIn
  const timer = setTimeout(() => socket.destroy(), readMs)
  try {
    const receiver = new Receiver(socket)
    const ask: Ask = (sql) => {
      if (!texts.has(sql)) throw new Error('only constant texts are asked on this connection')
      socket.write(frame(front.query, cstring(sql)))
      return rowsOf(receiver)
    }
    return await work(ask, loggedIn)
  } finally {
    clearTimeout(timer)
    socket.end(terminate)
  }
}

async function rowsOf(receiver: Receiver): Promise<string[][]> {
  const rows: string[][] = []
  for (;;) {
    const message = await receive(receiver, (buffer) => takeReply(buffer, limits.requestBytesMax))
    if (message === undefined) throw new Error('the target closed the connection')
    switch (message[0]) {
      case back.dataRow:
        rows.push(cells(message))
        break
      case back.errorResponse:
        throw new Error(`the target does not answer: ${parseError(message).get('M') ?? ''}`)
      case back.readyForQuery:
        return rows
      default:
        // Framing and notices say nothing of the rows.
        break
    }
  }
}

function cells(message: Buffer): string[] {
  const cursor = new Cursor(message, headerBytes)
  return Array.from({ length: cursor.uint16() }, () => {
    const length = cursor.int32()
    return length < 0 ? '' : cursor.bytes(length).toString()
  })
}
