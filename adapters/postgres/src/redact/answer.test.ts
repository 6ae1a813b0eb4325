import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { back } from '../messages.ts'
import { endOf, LastReply, Reply } from '../replies.ts'
import { buildError, frame, int32, parseError } from '../wire.ts'
import { recordedWithout } from './answer.ts'

const secret = 'hunter2-é'
const secrets = [Buffer.from(secret).toString('latin1'), 'abc']

function row(...cells: readonly (string | null)[]): Buffer {
  const parts = cells.map((cell) => {
    const value = Buffer.from(cell ?? '')
    return cell === null ? int32(-1) : Buffer.concat([int32(value.length), value])
  })
  return frame(back.dataRow, Buffer.from([0, cells.length]), ...parts)
}

function recorded(...messages: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(messages)
  const reply = recordedWithout(secrets, new Reply(bytes, bytes, 1))
  assert.equal(reply.bytes, bytes, 'the caller gets the answer as it is')
  return Buffer.from(reply.record)
}

suite('the record of an answer', () => {
  test('does not repeat the secret of the request, and keeps everything beside it', () => {
    assert.deepEqual(
      recorded(row(`x ${secret} y`, null, 'ann'), row(secret)),
      Buffer.concat([row('x [redacted] y', null, 'ann'), row('[redacted]')]),
    )
    assert.deepEqual(recorded(row(`\\x00${Buffer.from(secret).toString('hex')}`)), row('\\x00[redacted]'))
  })

  test('hides a short one only where it is all of a value, so that nobody hides much by it', () => {
    assert.deepEqual(recorded(row('abc', 'abcdef')), row('[redacted]', 'abcdef'))
  })

  test('keeps of an error what says nothing of the statement', () => {
    const error = buildError(
      back.errorResponse,
      new Map([
        ['S', 'ERROR'],
        ['C', '22P02'],
        ['M', `invalid input: "${secret.slice(0, 5)}"`],
        ['W', 'line 1'],
      ]),
    )
    assert.deepEqual(
      [...parseError(recorded(error))],
      [
        ['S', 'ERROR'],
        ['C', '22P02'],
        ['M', '[redacted]'],
      ],
    )
  })

  test('is that of data too, and ends as the answer does', () => {
    const bytes = frame(back.copyData, Buffer.from(`1\t${secret}\n`))
    const last = new LastReply({ outcome: 'completed', status: null }, bytes, bytes, 1)
    const reply = recordedWithout(secrets, last)
    assert.deepEqual(Buffer.from(reply.record), frame(back.copyData, Buffer.from('1\t[redacted]\n')))
    assert.deepEqual(endOf(reply), { outcome: 'completed', status: null })
    assert.equal(reply.rows, 1)
  })
})
