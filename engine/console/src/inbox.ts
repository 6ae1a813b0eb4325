import { computed, signal, type ReadonlySignal } from '@preact/signals'
import { get } from './api/client.ts'
import type { ApprovalLine } from './api/shapes.ts'
import { is, me } from './who.ts'

/** What waits for people: asked for once, and then kept as the stream tells of it. */
const lines = signal<ReadonlyMap<string, ApprovalLine>>(new Map())
/** Counts what was heard, so that pages with more of an approval know when theirs is old. */
const heard = signal<ReadonlyMap<string, number>>(new Map())

export const waiting: ReadonlySignal<readonly ApprovalLine[]> = computed(() =>
  [...lines.value.values()]
    .filter(({ state }) => state === 'pending')
    // Who is next to run out of time comes first.
    .toSorted((a, b) => a.expires_at.localeCompare(b.expires_at) || (a.id < b.id ? -1 : 1)),
)

/** Of those the ones that may be somebody's to decide: an approver's, who did not ask for it. */
export const needsMe: ReadonlySignal<readonly ApprovalLine[]> = computed(() =>
  is('approver') ? waiting.value.filter(({ subject }) => subject !== me()) : [],
)

/** Approvals that ended are held for a while, for who looks at them. */
const heldMax = 1_000

export function changesOf(id: string): number {
  return heard.value.get(id) ?? 0
}

export function tellApproval(line: ApprovalLine): void {
  const next = new Map(lines.value)
  next.delete(line.id)
  next.set(line.id, line)
  for (const [id, { state }] of next) {
    if (next.size <= heldMax) break
    if (state !== 'pending') next.delete(id)
  }
  lines.value = next
  const counts = new Map(heard.value)
  counts.set(line.id, (counts.get(line.id) ?? 0) + 1)
  heard.value = counts
}

export function lineOf(id: string): ApprovalLine | undefined {
  return lines.value.get(id)
}

export async function refreshInbox(): Promise<void> {
  const found = await get<readonly ApprovalLine[]>('/v1/approvals', { state: 'pending', last: 500 })
  lines.value = new Map(found.map((line) => [line.id, line]))
}
