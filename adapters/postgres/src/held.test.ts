import { mock, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { tellHeld } from './held.ts'
import { Outbox } from './outbox.ts'

suite('a client whose statement is held', () => {
  test('reads one notice, then what changes nothing, until the wait is over', async () => {
    mock.timers.enable({ apis: ['setInterval'] })
    try {
      const socket = new PassThrough()
      const outbox = new Outbox(socket)
      const hold = {
        reference: 'apr_1',
        message: 'Deleting rows\nneeds an approval.',
        link: 'http://127.0.0.1:7400/v1/approvals/apr_1',
        waitMs: 120_000,
      }
      const told = tellHeld(outbox, hold, () => ({ name: 'application_name', value: 'app' }))
      outbox.flush()
      const notice = String(socket.read())
      assert.match(notice, /^N/)
      assert.match(
        notice,
        /Waiting up to 120 s for an approval \(ref apr_1\): Deleting rows needs an approval\. See http:\/\/127\.0\.0\.1:7400\/v1\/approvals\/apr_1\./,
      )
      mock.timers.tick(45_000)
      outbox.flush()
      const beat = 'S\0\0\0\x19application_name\0app\0'
      assert.equal(String(socket.read()), beat.repeat(3))
      told[Symbol.dispose]()
      mock.timers.tick(60_000)
      outbox.flush()
      assert.equal(socket.read(), null)
    } finally {
      mock.timers.reset()
    }
  })
})
