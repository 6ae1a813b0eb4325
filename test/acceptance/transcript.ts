import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Json } from '@sluice/core'

/** What a client saw in one case, or why it did not come that far. */
export type Seen = { readonly seen: Json } | { readonly raised: string }

/** By the name of the case, in the order in which they ran. */
export type Transcript = ReadonlyMap<string, Seen>

export type Case<Door> = (door: Door) => Promise<Json>

/** Runs every case; one that fails does not stop the others. */
export async function transcribe<Door>(
  cases: Readonly<Record<string, Case<Door>>>,
  door: Door,
  caseMs: number = caseMsMax,
): Promise<Transcript> {
  const found = new Map<string, Seen>()
  for (const [name, run] of Object.entries(cases)) {
    try {
      found.set(name, { seen: await inTime(run(door), caseMs) })
    } catch (error) {
      found.set(name, { raised: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
  return found
}

const caseMsMax = 60_000

async function inTime<T>(work: Promise<T>, caseMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no end after ${caseMs} ms`)), caseMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

/** One test for each case: it works on the server itself, and through Sluice the client sees exactly the same. */
export function assertSame(direct: Transcript, through: Transcript): void {
  test('every case runs', { skip: direct.size === 0 && 'the client is not installed' }, () =>
    assert.deepEqual([...through.keys()], [...direct.keys()]),
  )
  for (const name of direct.keys())
    test(name, () => assert.deepEqual(seenIn(through, name), seenIn(direct, name)))
}

/** What a client saw in a case; fails when it did not come that far. */
export function seenIn(transcript: Transcript, name: string): Json {
  const found = transcript.get(name)
  assert.ok(found !== undefined && 'seen' in found, reasonOf(found))
  return found.seen
}

function reasonOf(found: Seen | undefined): string {
  if (found === undefined) return 'the case did not run'
  return 'raised' in found ? found.raised : ''
}

/** SQLSTATEs of a misread statement, which Sluice answers in the server's place, without the hint. */
export const misread: ReadonlySet<string> = new Set(['42601', '42P01', '42703'])
