import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { BrokersError, reaching } from './brokers-error.ts'

function named(name: string, message: string, cause?: Error): Error {
  const error = new Error(message, { cause })
  error.name = name
  return error
}

async function failing(error: unknown): Promise<unknown> {
  try {
    return await reaching(['a:1', 'b:2'], () => Promise.reject(error))
  } catch (thrown) {
    return thrown
  }
}

suite('brokers that cannot be used', () => {
  const cases: readonly (readonly [Error, RegExp])[] = [
    [
      named('KafkaJSConnectionError', 'Connection error: connect ECONNREFUSED 127.0.0.1:9'),
      /^The brokers at a:1, b:2 cannot be used: connect ECONNREFUSED 127\.0\.0\.1:9\. Check log\.brokers/,
    ],
    [
      named(
        'KafkaJSConnectionError',
        'Connection error: 40:error:0A:SSL:x:ssl/tls alert bad certificate:../a.c',
      ),
      /: they refuse the certificate of this gateway \(bad certificate\)\. Check log\.tls/,
    ],
    [
      named(
        'KafkaJSConnectionError',
        'Connection error: unable to verify; if the root CA is installed, try x',
      ),
      /: unable to verify\. Check/,
    ],
    [
      named('KafkaJSSASLAuthenticationError', 'SASL PLAIN failed: no'),
      /: SASL PLAIN failed: no\. Check log\.sasl/,
    ],
    [
      named('KafkaJSConnectionClosedError', 'Closed connection'),
      /: they close the connection\. Check that log\.tls/,
    ],
  ]
  for (const [error, expected] of cases)
    test(`${error.message.slice(0, 40)} is said with what to check, however often it was tried`, async () => {
      for (const thrown of [error, named('KafkaJSNumberOfRetriesExceeded', 'gave up', error)]) {
        const found = await failing(thrown)
        assert.ok(found instanceof BrokersError)
        assert.match(found.message, expected)
        assert.equal(found.cause, error)
      }
    })

  test('what they answer is passed on as it is', async () => {
    for (const name of ['UnsafeLogError', 'KafkaJSProtocolError']) {
      const error = named(name, 'the replication factor is larger than the number of brokers')
      assert.equal(await failing(error), error)
    }
    assert.equal(await failing('a text'), 'a text')
    assert.equal(await reaching([], async () => 7), 7)
  })
})
