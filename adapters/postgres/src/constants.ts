/**
 * Every message that may go upstream without a Permit. They are constant: nothing of a request is in them, except
 * the name in a Close or an added Describe, which only ever names what was judged before. A contract test compares
 * the bytes upstream against this list.
 */

/** A statement that no server can parse: it fails where a refused one stood, and costs nothing. */
export const poisonText = 'sluice refused this statement'

/** Names a statement that never exists, so that a poisoned Parse leaves every other one alone. */
export const poisonName = 'sluice_refused'

function message(type: string, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  const bytes = Buffer.alloc(5 + body.length)
  bytes.write(type, 0, 'latin1')
  bytes.writeInt32BE(4 + body.length, 1)
  body.copy(bytes, 5)
  return bytes
}

const noParameterTypes = Buffer.alloc(2)

/** In the place of a refused Query: the implicit or explicit transaction fails as it would at a refusing server. */
export const poisonQuery: Buffer = message('Q', poisonText, '\0')

/** In the place of any other refused message: the server then skips to the next Sync, as it must. */
export const poisonParse: Buffer = message('P', `${poisonName}\0${poisonText}\0`, noParameterTypes)

/** In the place of a refused Parse of the unnamed statement, which drops the unnamed statement before it. */
export const poisonUnnamedParse: Buffer = message('P', `\0${poisonText}\0`, noParameterTypes)

export const sync: Buffer = message('S')
export const flush: Buffer = message('H')
export const terminate: Buffer = message('X')

/** The caller is gone in the middle of its COPY data. */
export const copyFail: Buffer = message('f', 'the client went away\0')

/** In the place of a Close of a name that was never admitted: closing what does not exist is no error. */
export const closeNothing: { readonly S: Buffer; readonly P: Buffer } = {
  S: message('C', `S${poisonName}\0`),
  P: message('C', `P${poisonName}\0`),
}

/** A Describe added before an Execute whose answer must be masked. The portal was bound by a judged message. */
export function describePortal(name: string): Buffer {
  return message('D', `P${name}\0`)
}

/** SSLRequest, PostgreSQL 15 §55.7. */
export const sslRequest: Buffer = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

/** CancelRequest with the server's own key of this connection. */
export function cancelRequest(processId: number, secret: number): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeInt32BE(16, 0)
  bytes.writeInt32BE(80877102, 4)
  bytes.writeInt32BE(processId, 8)
  bytes.writeInt32BE(secret, 12)
  return bytes
}
