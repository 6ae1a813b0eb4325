import { useEffect, useState } from 'preact/hooks'
import { lines } from './api/client.ts'
import type { Step } from './api/steps.ts'
import { Replay, type Replayed } from './replay.ts'
import { messageOf } from './views/resource.tsx'

export interface Recording {
  readonly items: readonly Replayed[]
  readonly state: 'reading' | 'live' | 'whole' | 'full'
  readonly wrong: string | null
}

/** More steps are not held in a page. */
const stepsMax = 50_000
/** Nothing new for so long after something: what comes now is live. */
const quietMs = 400

/**
 * The recording of a session as it is read, told at most once a frame, and what comes as well: also of one that has ended,
 * since what it did last may be recorded a moment later. It is the gateway that says when nothing more will come.
 */
export function useRecording(session: string): Recording {
  const [recording, setRecording] = useState<Recording>({ items: [], state: 'reading', wrong: null })
  useEffect(() => {
    const leaving = new AbortController()
    void read(session, leaving.signal, setRecording)
    return () => leaving.abort()
  }, [session])
  return recording
}

async function read(
  session: string,
  leaving: AbortSignal,
  tell: (recording: Recording) => void,
): Promise<void> {
  const replay = new Replay()
  let [steps, drawn, state] = [0, true, 'reading' as Recording['state']]
  let wrong: string | null = null
  const draw = (): void => {
    drawn = true
    if (!leaving.aborted) tell({ items: [...replay.items], state, wrong })
  }
  let quiet: ReturnType<typeof setTimeout> | undefined
  const live = (): void => {
    state = 'live'
    draw()
  }
  try {
    for await (const step of lines<Step>(`/v1/sessions/${session}/recording`, { follow: true }, leaving)) {
      clearTimeout(quiet)
      if (state === 'reading') quiet = setTimeout(live, quietMs)
      replay.take(step)
      steps += 1
      if (steps >= stepsMax) {
        state = 'full'
        break
      }
      if (drawn) requestAnimationFrame(draw)
      drawn = false
    }
    if (state !== 'full') state = 'whole'
  } catch (error) {
    if (!leaving.aborted) wrong = messageOf(error)
  } finally {
    clearTimeout(quiet)
    draw()
  }
}
