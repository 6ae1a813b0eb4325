import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { ShortLived } from './short-lived.ts'

suite('what is given for a while', () => {
  test('serves until a minute before its end, and is asked for once by all', async () => {
    let [now, asked] = [0, 0]
    const keys = new ShortLived(
      async () => ({ value: ++asked, untilMs: now + 600_000 }),
      () => now,
    )
    assert.deepEqual(await Promise.all([keys.get(), keys.get()]), [1, 1])
    now = 539_999
    assert.equal(await keys.get(), 1)
    now = 540_000
    assert.equal(await keys.get(), 2)
    keys.forget()
    assert.equal(await keys.get(), 3, 'the last one was refused')
  })

  test('is asked for again after a failure, and each time where it has no life to speak of', async () => {
    const answers = [Promise.reject(new Error('away')), ...[1, 2].map((value) => Promise.resolve(value))]
    const keys = new ShortLived(
      async () => ({ value: await answers.shift(), untilMs: 60_000 }),
      () => 0,
    )
    await assert.rejects(keys.get(), /away/)
    assert.equal(await keys.get(), 1)
    assert.equal(await keys.get(), 2)
  })
})
