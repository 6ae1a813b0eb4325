import { signal, type ReadonlySignal } from '@preact/signals'
import { Problem, streamed } from './client.ts'
import { ServerEvents, type ServerEvent } from './server-events.ts'

export type Following = 'connecting' | 'live' | 'broken'

const state = signal<Following>('connecting')

/** Whether what is on the page is what is so now. */
export const following: ReadonlySignal<Following> = state

const firstPauseMs = 500
const longestPauseMs = 15_000

/**
 * The gateway's stream of changes, for as long as the signal says; it comes back when it breaks. `begun` is called at
 * each beginning: what changed before it must be asked for.
 */
export async function follow(
  take: (event: ServerEvent) => void,
  begun: () => void,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = firstPauseMs
  while (!signal.aborted) {
    try {
      const events = new ServerEvents()
      let first = true
      for await (const text of streamed('/v1/stream', {}, signal)) {
        if (first) {
          first = false
          state.value = 'live'
          pauseMs = firstPauseMs
          begun()
        }
        for (const event of events.take(text)) take(event)
      }
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return
    }
    if (signal.aborted) return
    state.value = 'broken'
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    pauseMs = Math.min(longestPauseMs, pauseMs * 2)
  }
}
