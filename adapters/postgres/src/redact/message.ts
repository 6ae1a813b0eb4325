import { withoutSecrets } from '@sluice/core'
import { Cursor, headerBytes } from '../wire.ts'
import { withoutBoundSecrets } from './bound.ts'
import type { ClearSource } from './source.ts'
import { withoutConstants, type Secrets } from './text.ts'

/**
 * What the log holds of a message that carries a statement, Query or Parse; `undefined`: the message itself. `sql` is the
 * statement as it came, `text` without its trailing comment, `clear` that without its secrets.
 */
export function recordableStatement(
  message: Buffer,
  sql: Buffer,
  text: string,
  clear: string | undefined,
): Buffer | undefined {
  const comment = sql.toString('latin1', text.length)
  const told = withoutSecrets(comment)
  if (clear === undefined && told === comment) return undefined
  const at = sql.byteOffset - message.byteOffset
  return replaced(message, at, at + sql.length, Buffer.from((clear ?? text) + told, 'latin1'))
}

/** Of one that was refused: what EXECUTE would have done with its arguments nobody knows. */
export function refusedText(text: string, secrets: Secrets | undefined): string | undefined {
  return (/\bexecute\b/i.test(text) ? withoutConstants(text) : secrets)?.text
}

/** Of a Bind whose values are `bytes`; `clear`: the same without secrets. */
export function recordableBind(
  message: Buffer,
  bytes: Buffer,
  clear: Pick<ClearSource, 'bound'> | undefined,
): Buffer | undefined {
  const now = clear?.bound?.bytes ?? bytes
  if (now === bytes) return undefined
  const at = bytes.byteOffset - message.byteOffset
  return replaced(message, at, at + bytes.length, now)
}

/** Of a Bind to nothing that is known: each of its values may be a secret. */
export function recordableUnknownBind(message: Buffer, bytes: Buffer): Buffer | undefined {
  const clear = withoutBoundSecrets(bytes, 'all')
  return recordableBind(message, bytes, { bound: clear === undefined ? null : { types: [], ...clear } })
}

/** Of a FunctionCall: which function, and nothing of its arguments. */
export function recordableCall(message: Buffer): Buffer {
  const cursor = new Cursor(message, headerBytes)
  if (cursor.left < functionBytes) return message
  return replaced(message, headerBytes + functionBytes, message.length, Buffer.alloc(0))
}

/** The number of a function. */
const functionBytes = 4

/** A message that has been cut out of its stream, with other bytes in one place and the length that it has then. */
function replaced(message: Buffer, from: number, to: number, by: Buffer): Buffer {
  const bytes = Buffer.concat([message.subarray(0, from), by, message.subarray(to)])
  bytes.writeInt32BE(bytes.length - 1, 1)
  return bytes
}
