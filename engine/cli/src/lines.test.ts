import { test } from 'node:test'
import assert from 'node:assert/strict'
import { linesOf } from './lines.ts'

async function lines(...pieces: readonly Uint8Array[]): Promise<readonly string[]> {
  const found: string[] = []
  for await (const line of linesOf(ReadableStream.from(pieces))) found.push(line)
  return found
}

test('however an answer is cut, its lines are the same, and empty ones are none', async () => {
  const bytes = Buffer.from('ü1\n\n𝄞2\n')
  for (let at = 0; at <= bytes.length; at++)
    assert.deepEqual(await lines(bytes.subarray(0, at), bytes.subarray(at)), ['ü1', '𝄞2'])
})

test('an answer that breaks off is an error', async () => {
  await assert.rejects(lines(Buffer.from('one\ntw')), /breaks off/)
})
