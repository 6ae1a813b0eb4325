import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Headers, Reply } from './replies.ts'
import { SecondAttempt } from './second-attempt.ts'

function answer(status: number, ended: () => void = () => {}, headers: Headers = []): AsyncIterable<Reply> {
  return (async function* () {
    try {
      yield { kind: 'head', status, headers }
      yield { kind: 'data', bytes: Buffer.from(String(status)) }
      yield { kind: 'end', trailers: [] }
    } finally {
      ended()
    }
  })()
}

async function textOf(replies: AsyncIterable<Reply>): Promise<string> {
  let text = ''
  for await (const reply of replies)
    text += reply.kind === 'head' ? `${reply.status}:` : reply.kind === 'data' ? reply.bytes.toString() : '.'
  return text
}

suite('a second attempt', () => {
  test('is made of what was not applied, and what was said to the first is dropped', async () => {
    let ended = 0
    const first = answer(401, () => (ended += 1))
    assert.equal(await textOf(new SecondAttempt(first, () => Promise.resolve(answer(200)))), '200:200.')
    assert.equal(ended, 1)
  })

  test('is made where AWS says that it is about the keys, and of no other 403', async () => {
    const refused = (error: string): AsyncIterable<Reply> =>
      answer(403, () => {}, [['x-amzn-errortype', error]])
    for (const error of ['InvalidSignatureException', 'ExpiredTokenException:http://internal.amazon.com/'])
      assert.equal(
        await textOf(new SecondAttempt(refused(error), () => Promise.resolve(answer(200)))),
        '200:200.',
      )
    for (const error of ['AccessDeniedException', 'ExpiredTokenExceptionally', ''])
      assert.equal(
        await textOf(new SecondAttempt(refused(error), () => assert.fail('it may be applied'))),
        '403:403.',
      )
  })

  test('is made once', async () => {
    const again = new SecondAttempt(answer(401), () => Promise.resolve(answer(401)))
    assert.equal(await textOf(again), '401:401.')
  })

  test('is not made without another credential', async () => {
    assert.equal(await textOf(new SecondAttempt(answer(401), () => Promise.resolve(undefined))), '401:401.')
  })

  for (const status of [200, 204, 400, 403, 407, 500])
    test(`is not made after ${status}`, async () => {
      const again = (): Promise<never> => assert.fail('it may have been applied')
      assert.match(await textOf(new SecondAttempt(answer(status), again)), new RegExp(`^${status}:`))
    })

  test('that cannot be made is no answer', async () => {
    const again = (): Promise<never> => Promise.reject(new Error('unreadable'))
    let ended = 0
    const first = answer(401, () => (ended += 1))
    await assert.rejects(textOf(new SecondAttempt(first, again)), /unreadable/)
    assert.equal(ended, 1, 'and nothing of the first is left open')
  })
})
