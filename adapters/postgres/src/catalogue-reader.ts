import type { Session } from '@sluice/core'
import { limits } from '@sluice/core'
import { catalogueQueries, loadCatalogue, type Catalogue } from './catalogue.ts'
import { terminate } from './constants.ts'
import { estimatesQuery } from './estimates.ts'
import { takeReply } from './frames.ts'
import { login } from './login.ts'
import { back, front } from './messages.ts'
import { receive, Receiver } from './receiver.ts'
import type { PostgresSettings } from './target.ts'
import { cstring, Cursor, frame, headerBytes, parseError } from './wire.ts'

/** A target whose names take longer to read than this is not understood well enough to be guarded. */
const readMs = 30_000

/** Reads a target's names on a connection of its own. Throws when any of it cannot be read. */
export async function readCatalogue(
  session: Session<PostgresSettings>,
  previous: Catalogue | undefined,
): Promise<Catalogue> {
  const { socket } = await login(session, new Map([['application_name', 'sluice catalogue']]))
  const timer = setTimeout(() => socket.destroy(), readMs)
  try {
    const receiver = new Receiver(socket)
    return await loadCatalogue(
      (sql) => {
        if (!constantTexts.has(sql)) throw new Error('only constant texts are asked on this connection')
        socket.write(frame(front.query, cstring(sql)))
        return rowsOf(receiver)
      },
      previous,
      session.target.settings.functions,
    )
  } finally {
    clearTimeout(timer)
    socket.end(terminate)
  }
}

const constantTexts: ReadonlySet<string> = new Set([...Object.values(catalogueQueries), estimatesQuery])

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
        throw new Error(`the target's catalogue cannot be read: ${parseError(message).get('M') ?? ''}`)
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
