import { test } from 'node:test'
import assert from 'node:assert/strict'
import { HttpRecording } from './recording.ts'

const answer = Buffer.from('HTTP/1.1 200\r\ncontent-type: application/json\r\n\r\n{"name":"Zoë","ok":true}')

function read(pieces: readonly Buffer[]) {
  const recording = new HttpRecording()
  recording.request('e', Buffer.from('GET /a HTTP/1.1\r\n\r\n'))
  const parts = [...pieces.flatMap((piece) => recording.answer('e', piece)), ...recording.end('e')]
  return {
    status: parts.flatMap((part) => (part.kind === 'status' ? [part.text] : [])),
    data: parts.flatMap((part) => (part.kind === 'data' ? [part.text] : [])).join(''),
    other: parts.flatMap((part) => (part.kind === 'status' || part.kind === 'data' ? [] : [part.kind])),
  }
}

test('an answer is its head and its body, wherever its pieces were cut', () => {
  for (let cut = 0; cut <= answer.length; cut++)
    assert.deepEqual(read([answer.subarray(0, cut), answer.subarray(cut)]), {
      status: ['HTTP/1.1 200; content-type: application/json'],
      data: '{"name":"Zoë","ok":true}',
      other: [],
    })
})

test('an answer that was cut says so, and what is no text is shown as bytes', () => {
  assert.deepEqual(read([answer.subarray(0, 20)]).other, ['cut'])
  const binary = read([Buffer.from('HTTP/1.1 200\r\n\r\n'), Buffer.from([0xff, 0xd8, 0x41])])
  assert.equal(binary.data, 'ffd841')
})

test('a request is shown as it was sent', () => {
  const recording = new HttpRecording()
  const content = 'POST /orders HTTP/1.1\r\ncontent-type: application/json\r\n\r\n{"total":1}'
  assert.deepEqual(recording.request('e', Buffer.from(content)), [
    { text: content.replaceAll('\r\n', '\n'), parameters: [] },
  ])
})
