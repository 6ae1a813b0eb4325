import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Finding } from './inspector.ts'
import { readCheckpoints } from './kept-checkpoints.ts'
import { memoryKeys } from './keys.ts'
import { signedLine, statementKind } from './statement.ts'

const keys = memoryKeys()

function line(number: number, log = 'sluice.audit.v1', signer = keys): string {
  const of = { kind: statementKind, log, time: 1, writer: 'gw_1', epoch: 1 } as const
  return signedLine({ ...of, number, closed: false, heads: [] }, signer)
}

async function read(lines: readonly string[], publicKey: Uint8Array | null = keys.publicKey) {
  const taken: number[] = []
  const kept = {
    name: 'kept.jsonl',
    lines: (async function* () {
      yield* lines
    })(),
  }
  const take = ({ number }: { readonly number: number }): unknown => taken.push(number)
  const findings = await readCheckpoints(kept, { log: 'sluice.audit.v1', publicKey, take })
  return { taken, findings, what: findings.map(({ what }: Finding) => what) }
}

suite('checkpoints that were kept elsewhere', () => {
  test('are handed on when they are of this log', async () => {
    const { taken, findings } = await read([line(1), line(9, 'other.sluice.audit.v1'), line(2)])
    assert.deepEqual([taken, findings], [[1, 2], []])
  })

  test('are named by their line when the gateway did not sign them', async () => {
    const first = line(1)
    const { taken, findings } = await read([first, line(7, undefined, memoryKeys()), line(2)])
    assert.deepEqual(taken, [1, 2])
    assert.equal(findings.length, 1)
    assert.deepEqual(
      [findings[0]?.segment, findings[0]?.offset],
      ['kept.jsonl', Buffer.byteLength(first) + 1],
    )
    assert.match(findings[0]?.what ?? '', /^line 2 is no checkpoint that this log’s gateways signed/)
  })

  test('that say nothing of this log are no proof of it', async () => {
    assert.deepEqual((await read([])).what, ['no checkpoint of this log is in this file'])
    assert.deepEqual((await read([line(1, 'other.sluice.audit.v1')])).what, [
      'no checkpoint of this log is in this file',
    ])
  })

  test('prove nothing of a log that names no key', async () => {
    const { taken, findings } = await read([line(1)], null)
    assert.deepEqual([taken, findings.length], [[], 2])
  })

  test('fill no report with what is not theirs', async () => {
    assert.equal((await read(Array<string>(1_000).fill('x'))).findings.length, 100)
  })
})
