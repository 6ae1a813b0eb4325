import type { Message } from '../src/message.ts'
import type { Transcript } from '../src/transcript.ts'

/** The first object id that is not PostgreSQL's own. */
const firstOwnOid = 16_384

/**
 * Everything that a client is told, message by message, as lines that can be compared. Ids of objects of one's own are
 * only ids, and where in its sources a server found an error is nobody's business.
 */
export function essenceOf({ messages }: Transcript): readonly string[] {
  const parameters = messages.filter(({ type }) => type === 'S').map(lineOf)
  return [...messages.filter(({ type }) => type !== 'S').map(lineOf), ...parameters.toSorted()]
}

function lineOf({ type, body }: Message): string {
  switch (type) {
    case 'T':
      return `T ${columns(body).join(' ')}`
    case 'E':
    case 'N':
      return `${type} ${fields(body).join(' ')}`
    default:
      return `${type} ${body.toString('latin1')}`
  }
}

function fields(body: Buffer): readonly string[] {
  return (
    body
      .toString()
      .split('\0')
      .filter((field) => !/^[FLR]/.test(field) && field !== '')
      // Its number is the place of the session among those of its server, where the gateway has some of its own.
      .map((field) => field.replace(/^spg_temp_\d+$/, 'spg_temp'))
  )
}

function columns(body: Buffer): readonly string[] {
  let at = 2
  return Array.from({ length: body.readUInt16BE(0) }, () => {
    const end = body.indexOf(0, at)
    const name = body.subarray(at, end).toString()
    const table = idOf(body.readUInt32BE(end + 1))
    const type = idOf(body.readUInt32BE(end + 7))
    const rest = body.subarray(end + 11, end + 19).toString('hex')
    at = end + 19
    return `${name}:${table}.${body.readInt16BE(end + 5)}:${type}:${rest}`
  })
}

function idOf(oid: number): string {
  return oid < firstOwnOid ? String(oid) : 'own'
}

/** The first line that differs, of both, for a person. */
export function difference(direct: readonly string[], through: readonly string[]): string {
  const at = direct.findIndex((line, index) => line !== through[index])
  const index = at < 0 ? direct.length : at
  const show = (line: string | undefined): string => JSON.stringify(line ?? 'nothing').slice(0, 300)
  return `direct ${show(direct[index])}\n  through ${show(through[index])}`
}
