import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Asciicast, frames } from './recorder.ts'
import { frame } from './recorded-frames.ts'
import { SshRecording } from './recording.ts'

const command = (terminal: object | null): Buffer =>
  Buffer.from(JSON.stringify({ kind: 'exec', login: 'app', command: 'id', env: { LANG: 'C' }, terminal }))

suite('what was recorded over SSH', () => {
  test('is told stream by stream, however its pieces were cut', () => {
    const record = Buffer.concat([
      frames.output('stdout', Buffer.from('größe ')),
      frames.output('stderr', Buffer.from([0xff, 0x00])),
      frames.output('stdout', Buffer.from('2\n')),
      frames.end({ kind: 'exit', status: 0 }),
    ])
    for (const size of [1, 3, record.length]) {
      const recording = new SshRecording()
      assert.deepEqual(recording.request('e', command(null)), [{ text: 'app: LANG=C id', parameters: [] }])
      const body = Buffer.concat([
        frame('stdin', 'in'),
        frame('stdin_end', JSON.stringify({ bytes: 2, sha256: 'ab'.repeat(32) })),
      ])
      assert.deepEqual(recording.body('e', body), [
        { kind: 'data', text: 'in', hex: false, stream: 'stdin' },
        { kind: 'status', text: `stdin ended: 2 bytes, SHA-256 ${'ab'.repeat(32)}` },
      ])
      const parts = Array.from({ length: Math.ceil(record.length / size) }, (_, at) =>
        recording.answer('e', record.subarray(at * size, (at + 1) * size)),
      ).flat()
      assert.deepEqual(parts, [
        { kind: 'data', text: 'größe ', hex: false, stream: 'stdout' },
        { kind: 'data', text: 'ff00', hex: true, stream: 'stderr' },
        { kind: 'data', text: '2\n', hex: false, stream: 'stdout' },
        { kind: 'status', text: 'exit status 0' },
      ])
      assert.deepEqual(recording.end('e'), [])
    }
  })

  test('of a terminal is asciicast, with its sizes and its end', () => {
    const recorder = new Asciicast({ term: 'xterm', columns: 80, rows: 24, modes: {} }, 'app: id')
    const euro = Buffer.from('€')
    const pieces = [
      recorder.output('stdout', euro.subarray(0, 1)),
      recorder.output('stdout', euro.subarray(1)),
    ]
    recorder.resized(100, 30)
    pieces.push(recorder.output('stdout', Buffer.from('\x1b[2J')), recorder.end({ kind: 'exit', status: 1 }))
    const lines = Buffer.concat(pieces)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    assert.deepEqual(lines[0], {
      version: 2,
      width: 80,
      height: 24,
      title: 'app: id',
      env: { TERM: 'xterm' },
    })
    assert.deepEqual(
      lines.slice(1).map((line) => (line as readonly unknown[]).slice(1)),
      [
        ['o', '€'],
        ['r', '100x30'],
        ['o', '\x1b[2J'],
        ['x', '{"kind":"exit","status":1}'],
      ],
    )
    const recording = new SshRecording()
    recording.request('e', command({ term: 'xterm' }))
    const parts = recording.answer('e', Buffer.concat(pieces))
    assert.deepEqual(
      parts.map((part) => (part.kind === 'terminal' ? [part.code, part.text] : part)),
      [
        ['head', ''],
        ['o', '€'],
        ['r', '100x30'],
        ['o', '\x1b[2J'],
        { kind: 'status', text: 'exit status 1' },
      ],
    )
  })

  for (const [ending, words] of [
    [{ kind: 'signal', name: 'KILL', core: true, message: '' }, 'ended by signal KILL, with a core'],
    [{ kind: 'closed' }, 'ended without a status'],
    [{ status: 3 }, 'permission denied'],
    [{ status: 77 }, 'status 77'],
    [{ bytes: 12 }, 'answered, 12 bytes'],
    [{ read: null, written: null }, 'nothing read, nothing written'],
    [{ read: { bytes: 3, sha256: 'aa', in_order: true }, written: null }, 'read: 3 bytes, SHA-256 aa'],
    [
      { read: null, written: { bytes: 3, sha256: 'aa', in_order: false } },
      'written: 3 bytes, SHA-256 aa, in an order of its own, so that it is no file’s hash',
    ],
    [{ later: 1 }, '{"later":1}'],
    [7, '7'],
  ] as const)
    test(`an end is told in words: ${words}`, () => {
      const recording = new SshRecording()
      recording.request('e', command(null))
      assert.deepEqual(recording.answer('e', frame('end', JSON.stringify(ending))), [
        { kind: 'status', text: words },
      ])
    })

  test('of a terminal without a size has the usual one', () => {
    const recorder = new Asciicast({ term: 'dumb', columns: 0, rows: 0, modes: {} }, 'app: id')
    const [head = ''] = recorder.output('stdout', Buffer.from('x')).toString().split('\n')
    assert.deepEqual([80, 24], [JSON.parse(head)['width'], JSON.parse(head)['height']])
  })

  test('sizes that come without end are not kept', () => {
    const recorder = new Asciicast({ term: 'xterm', columns: 80, rows: 24, modes: {} }, 'app: id')
    for (let columns = 1; columns <= 1_000; columns++) recorder.resized(columns, 24)
    const [, ...lines] = recorder.output('stdout', Buffer.from('x')).toString().trimEnd().split('\n')
    assert.equal(lines.length, 2)
    assert.match(lines[0] ?? '', /"1000x24"/)
  })

  test('what is cut, or is none of it, is said and never thrown', () => {
    const recording = new SshRecording()
    recording.request('e', Buffer.from('no JSON'))
    recording.answer('e', frame('stdout', 'abc').subarray(0, 6))
    assert.deepEqual(recording.end('e'), [{ kind: 'cut', bytes: 6 }])
    assert.deepEqual(recording.answer('unknown', Buffer.from('x')), [{ kind: 'undecodable', bytes: 1 }])
    recording.request('t', command({ term: 'x' }))
    assert.deepEqual(
      recording.answer('t', Buffer.from('{\n7\n[1, 2]\n')).map(({ kind }) => kind),
      ['undecodable', 'undecodable', 'undecodable'],
    )
    recording.request('f', command(null))
    assert.deepEqual(recording.answer('f', Buffer.from([9, 0, 0, 0, 1, 65])), [
      { kind: 'undecodable', bytes: 1 },
    ])
  })
})
