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
/** Nothing new for so long after the beginning: what comes now is live. */
const quietMs = 400

/** The recording of a session as it is read, told at most once a frame. `follow`: what comes as well. */
export function useRecording(session: string, follow: boolean): Recording {
  const [recording, setRecording] = useState<Recording>({ items: [], state: 'reading', wrong: null })
  useEffect(() => {
    const leaving = new AbortController()
    void read(session, follow, leaving.signal, setRecording)
    return () => leaving.abort()
  }, [session, follow])
  return recording
}

async function read(
  session: string,
  follow: boolean,
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
  const quiet = setTimeout(() => {
    if (follow && state === 'reading') state = 'live'
    draw()
  }, quietMs)
  try {
    for await (const step of lines<Step>(
      `/v1/sessions/${session}/recording`,
      follow ? { follow } : {},
      leaving,
    )) {
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
