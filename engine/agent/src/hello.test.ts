import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { chosenProtocol, helloFrom, welcomeFrom } from './hello.ts'
import { limits } from './limits.ts'

suite('what both sides say', () => {
  test('is understood with more in it than is known', () => {
    const said = {
      version: '9.0.0',
      protocols: [1, 2],
      purpose: 'tunnel',
      allows: ['a:1'],
      features: ['x'],
      new: {},
    }
    assert.deepEqual(helloFrom(JSON.stringify(said)), {
      version: '9.0.0',
      protocols: [1, 2],
      purpose: 'tunnel',
      allows: ['a:1'],
    })
    const answer = { ok: true, protocol: 1, gateway: 'gw', version: '9', id: 'agt', name: 'vpc', also: 1 }
    assert.ok(welcomeFrom(JSON.stringify(answer)).ok)
    const refused = welcomeFrom(JSON.stringify({ ok: false, code: 'something_new', message: 'no' }))
    assert.deepEqual(refused, { ok: false, code: 'unavailable', message: 'no' })
  })

  test('agrees on the newest version that both speak', () => {
    assert.equal(chosenProtocol([3, 1, 2]), 1)
    assert.equal(chosenProtocol([2, 3]), undefined)
    assert.throws(() => welcomeFrom('{"ok":true,"protocol":7,"gateway":"","version":"","id":"","name":""}'))
  })

  test('is bounded', () => {
    const allows = Array.from({ length: 1_000 }, () => 'x'.repeat(1_000))
    const hello = helloFrom(
      JSON.stringify({ version: 'v'.repeat(100), protocols: [], purpose: 'tunnel', allows }),
    )
    assert.ok(hello.purpose === 'tunnel')
    assert.equal(hello.allows.length, limits.allowsMax)
    assert.equal(hello.allows[0]?.length, limits.allowCharsMax)
    assert.equal(hello.version.length, limits.versionCharsMax)
  })

  for (const line of [
    '',
    'GET / HTTP/1.1',
    '[]',
    'null',
    '{}',
    '{"version":1,"protocols":[1],"purpose":"tunnel","allows":[]}',
    '{"version":"1","protocols":"1","purpose":"tunnel","allows":[]}',
    '{"version":"1","protocols":["1"],"purpose":"tunnel","allows":[]}',
    '{"version":"1","protocols":[1],"purpose":"tunnel","allows":[1]}',
    '{"version":"1","protocols":[1],"purpose":"tunnel"}',
    '{"version":"1","protocols":[1],"purpose":"else"}',
    '{"version":"1","protocols":[1],"purpose":"enrol","token":"x"}',
  ])
    test(`is nothing when it is ${line}`, () => {
      assert.throws(() => helloFrom(line))
    })
})

test('a stream is only read up to what a line may have', async () => {
  const { readLine, LineError } = await import('./line.ts')
  const long = new PassThrough()
  long.write('x'.repeat(limits.helloBytesMax + 1))
  await assert.rejects(readLine(long), LineError)
  const silent = new PassThrough()
  await assert.rejects(readLine(silent, 20), LineError)
  const closed = new PassThrough()
  closed.end('half')
  await assert.rejects(readLine(closed), LineError)
  const more = new PassThrough()
  more.write('one')
  more.write(' line\nand more')
  assert.equal(await readLine(more), 'one line')
  assert.equal(String(more.read()), 'and more')
})
