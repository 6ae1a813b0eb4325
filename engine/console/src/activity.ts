import { signal, type ReadonlySignal } from '@preact/signals'
import { get, lines } from './api/client.ts'
import type { Following } from './api/follow.ts'
import type { LogEvent, SessionLine } from './api/shapes.ts'
import { now } from './clock.ts'
import { Feed, type Decision } from './feed.ts'

const latest = signal<readonly Decision[]>([])
const state = signal<Following>('connecting')

/** The decisions of the last minutes, newest first. */
export const decisions: ReadonlySignal<readonly Decision[]> = latest
export const feeding: ReadonlySignal<Following> = state

const types = 'SessionOpened,RequestReceived,DecisionMade,ResponseCompleted'
const eventsBeforeMax = 1_000
export const windowMs: number = 15 * 60_000
const pauseMs = 3_000

/** Follows decisions for as long as the signal says; the page is told once a frame, however many come. */
export async function followActivity(leaving: AbortSignal): Promise<void> {
  while (!leaving.aborted) {
    try {
      await followOnce(leaving)
    } catch {
      // It is begun again below.
    }
    if (leaving.aborted) return
    state.value = 'broken'
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

async function followOnce(leaving: AbortSignal): Promise<void> {
  const feed = new Feed()
  for (const session of await get<readonly SessionLine[]>('/v1/sessions', {}, leaving)) feed.know(session)
  state.value = 'live'
  latest.value = []
  const since = Math.round(now() - windowMs)
  let drawn = true
  const draw = (): void => {
    drawn = true
    latest.value = feed.decisions
  }
  const wanted = { types, follow: true, last: eventsBeforeMax, since_ms: since }
  for await (const event of lines<LogEvent>('/v1/events', wanted, leaving)) {
    feed.take(event)
    if (drawn) requestAnimationFrame(draw)
    drawn = false
  }
}
