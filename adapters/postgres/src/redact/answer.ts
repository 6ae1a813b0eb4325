import { redacted } from '@sluice/core'
import { back } from '../messages.ts'
import { endOf, LastReply, Reply } from '../replies.ts'
import { partBytesMin } from './text.ts'
import { buildError, Cursor, frame, headerBytes, int32, parseError } from '../wire.ts'

/** The same reply, of which the log does not hold what the request kept from it. `secrets` are latin1. */
export function recordedWithout(secrets: readonly string[], reply: Reply): Reply {
  if (reply.record.length === 0) return reply
  const { bytes, rows, masked } = reply
  const record = clearRecord(
    Buffer.from(reply.record.buffer, reply.record.byteOffset, reply.record.length),
    secrets,
  )
  const end = endOf(reply)
  return end === undefined
    ? new Reply(bytes, record, rows, masked)
    : new LastReply(end, bytes, record, rows, masked)
}

function clearRecord(record: Buffer, secrets: readonly string[]): Buffer {
  const messages: Buffer[] = []
  for (let at = 0; at < record.length;) {
    const next = at + 1 + record.readInt32BE(at + 1)
    messages.push(clearMessage(record.subarray(at, next), secrets))
    at = next
  }
  return Buffer.concat(messages)
}

function clearMessage(message: Buffer, secrets: readonly string[]): Buffer {
  switch (message[0]) {
    case back.dataRow:
      return clearRow(message, secrets)
    case back.copyData:
      return frame(back.copyData, clearValue(message.subarray(headerBytes), secrets))
    case back.errorResponse:
    case back.noticeResponse:
      return withoutWords(message)
    default:
      return message
  }
}

function clearRow(message: Buffer, secrets: readonly string[]): Buffer {
  const cursor = new Cursor(message, headerBytes)
  const count = cursor.uint16()
  const parts = Array.from({ length: count }, () => {
    const length = cursor.int32()
    if (length === -1) return int32(-1)
    const value = clearValue(cursor.bytes(length), secrets)
    return Buffer.concat([int32(value.length), value])
  })
  return frame(back.dataRow, message.subarray(headerBytes, headerBytes + 2), ...parts)
}

/** Bytes are shown as hexadecimal digits. */
function clearValue(value: Buffer, secrets: readonly string[]): Buffer {
  let text = value.toString('latin1')
  for (const secret of secrets)
    for (const form of [secret, Buffer.from(secret, 'latin1').toString('hex')])
      if (text === form) text = redacted
      else if (secret.length >= partBytesMin) text = text.replaceAll(form, redacted)
  return Buffer.from(text, 'latin1')
}

/** A server's words may quote any part of the statement. */
function withoutWords(message: Buffer): Buffer {
  const fields = parseError(message)
  const kept = [...fields].filter(([code]) => 'SVC'.includes(code))
  return buildError(message[0] ?? back.errorResponse, new Map([...kept, ['M', redacted]]))
}
