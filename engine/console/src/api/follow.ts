import { signal, type Signal } from '@preact/signals'
import { Problem, streamed, type Parameters } from './client.ts'
import { ServerEvents, type ServerEvent } from './server-events.ts'

export type Following = 'connecting' | 'live' | 'broken'

/** Whether what is on the page is what is so now. */
export const following: Signal<Following> = signal<Following>('connecting')

export interface FollowOptions {
  readonly parameters: Parameters
  readonly take: (event: ServerEvent) => void
  /** At each beginning: what changed before it must be asked for. */
  readonly begun: () => void
  readonly state: Signal<Following>
  readonly leaving: AbortSignal
}

const firstPauseMs = 500
const longestPauseMs = 15_000

/** The gateway's stream of changes, until somebody leaves; it is taken up again when it breaks. */
export async function follow({ parameters, take, begun, state, leaving }: FollowOptions): Promise<void> {
  let pauseMs = firstPauseMs
  while (!leaving.aborted) {
    try {
      const events = new ServerEvents()
      let first = true
      for await (const text of streamed('/v1/stream', parameters, leaving)) {
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
    if (leaving.aborted) return
    state.value = 'broken'
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    pauseMs = Math.min(longestPauseMs, pauseMs * 2)
  }
}
