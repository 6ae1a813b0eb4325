import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { wholeValues } from '../parameters.ts'
import { withoutBoundSecrets } from './bound.ts'

function int16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeInt16BE(value, 2 * index)
  return bytes
}

function bound(formats: readonly number[], ...values: readonly (string | Buffer | null)[]): Buffer {
  const parts = values.map((value) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(value === null ? -1 : Buffer.byteLength(value))
    return Buffer.concat([length, Buffer.from(value ?? '')])
  })
  return Buffer.concat([int16(formats.length, ...formats), int16(values.length), ...parts])
}

const none: ReadonlySet<number> = new Set()
const text = 25
const int = 23

suite('the values of a Bind', () => {
  test('that hold no secret are left as they are', () => {
    assert.equal(withoutBoundSecrets(bound([], 'ann', null, 'ann@example.com'), none), undefined)
    assert.equal(withoutBoundSecrets(bound([], 'token, secret, key'), none), undefined)
    assert.equal(withoutBoundSecrets(bound([]), 'all'), undefined)
  })

  test('are hidden by their number, with lengths and formats of what stands there now', () => {
    const four = int16(0, 7)
    const clear = withoutBoundSecrets(bound([1, 1, 0], four, four, 'é'), new Set([2]))
    assert.ok(clear !== undefined)
    assert.deepEqual(wholeValues(clear.bytes, [int, int, text]), [7, '[redacted]', 'é'])
    assert.deepEqual(clear.values, [four.toString('latin1')])
  })

  test('are hidden by their form, in either format', () => {
    const url = 'postgresql://app:hunter2@db/shop'
    for (const format of [0, 1]) {
      const clear = withoutBoundSecrets(bound([format], url, 'ann'), none)
      assert.ok(clear !== undefined)
      assert.deepEqual(wholeValues(clear.bytes, [text, text]), ['postgresql://app:[redacted]@db/shop', 'ann'])
      assert.deepEqual(clear.values, ['hunter2'])
    }
  })

  test('are all hidden where no statement is known, but NULL', () => {
    const clear = withoutBoundSecrets(bound([0], 'a', null, ''), 'all')
    assert.deepEqual(wholeValues(clear?.bytes ?? Buffer.alloc(0), []), ['[redacted]', null, '[redacted]'])
  })
})
