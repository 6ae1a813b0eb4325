import { signal, type ReadonlySignal } from '@preact/signals'
import { get } from './api/client.ts'
import { follow, type Following } from './api/follow.ts'
import type { FoundPage, ToldExchanges } from './api/shapes.ts'
import { now } from './clock.ts'
import { Feed, type Decision } from './feed.ts'

const latest = signal<readonly Decision[]>([])
const state = signal<Following>('connecting')
const left = signal(0)

/** The decisions of the last minutes, newest first. */
export const decisions: ReadonlySignal<readonly Decision[]> = latest
export const feeding: ReadonlySignal<Following> = state
/** Since the page was opened so many were more than it could be told. */
export const skipped: ReadonlySignal<number> = left

const beforeMax = 500
const windowMs = 15 * 60_000

/** Follows decisions for as long as the signal says; the page is told once a frame, however many come. */
export async function followActivity(leaving: AbortSignal): Promise<void> {
  const feed = new Feed()
  let drawn = true
  const draw = (): void => {
    drawn = true
    latest.value = feed.decisions
  }
  const changed = (): void => {
    if (drawn) requestAnimationFrame(draw)
    drawn = false
  }
  const before = async (): Promise<void> => {
    const since_ms = now() - windowMs
    const found = await get<FoundPage>('/v1/exchanges', { last: beforeMax, since_ms }, leaving)
    feed.take(found.exchanges.toReversed())
    changed()
  }
  await follow({
    parameters: { exchanges: true },
    take: ({ event, data }) => {
      if (event !== 'exchanges') return
      const told = JSON.parse(data) as ToldExchanges
      feed.take(told.exchanges)
      left.value += told.skipped ?? 0
      changed()
    },
    begun: () => void before().catch(() => {}),
    state,
    leaving,
  })
}
