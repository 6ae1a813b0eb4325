import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { countdownText } from '../time-text.ts'
import { Icon } from './icon.tsx'
import { useKeys } from './keys.tsx'

export interface PlayerState {
  /** Milliseconds from the beginning; `null`: everything is shown. */
  readonly at: number | null
  readonly endMs: number
  readonly playing: boolean
  readonly speed: number
  readonly seek: (at: number | null) => void
  readonly play: (playing: boolean) => void
  readonly setSpeed: (speed: number) => void
}

const speeds = [1, 2, 4, 8, 16] as const

/** Plays what happened again, by its own clock and without its long waits. */
export function usePlayer(endMs: number): PlayerState {
  const [at, seek] = useState<number | null>(null)
  const [playing, setPlaying] = useState(false)
  const [speed, setSpeed] = useState<number>(1)
  useEffect(() => {
    if (!playing) return undefined
    let last = performance.now()
    let frame = requestAnimationFrame(function step(time) {
      const passed = (time - last) * speed
      last = time
      seek((before) => Math.min(endMs, (before ?? 0) + passed))
      frame = requestAnimationFrame(step)
    })
    return () => cancelAnimationFrame(frame)
  }, [playing, speed, endMs])
  useEffect(() => {
    if (playing && at !== null && at >= endMs) setPlaying(false)
  }, [playing, at, endMs])
  const play = (next: boolean): void => {
    if (next && (at === null || at >= endMs)) seek(0)
    setPlaying(next)
  }
  return { at, endMs, playing, speed, seek, play, setSpeed }
}

export function Player({ player }: { readonly player: PlayerState }): JSX.Element {
  const { at, endMs, playing, speed, seek, play, setSpeed } = player
  useKeys([
    { key: ' ', does: playing ? 'Pause' : 'Play', press: () => play(!playing) },
    { key: '>', does: 'Play faster', press: () => setSpeed(Math.min(16, speed * 2)) },
    { key: '<', does: 'Play slower', press: () => setSpeed(Math.max(1, speed / 2)) },
  ])
  const value = at ?? endMs
  return (
    <div class="player">
      <button
        class="button small"
        type="button"
        onClick={() => play(!playing)}
        aria-label={playing ? 'Pause' : 'Play'}
      >
        <Icon name={playing ? 'pause' : 'play'} />
      </button>
      <input
        type="range"
        min={0}
        max={Math.max(1, Math.round(endMs))}
        value={Math.round(value)}
        aria-label="Moment of the recording"
        onInput={(event) => seek(Number(event.currentTarget.value))}
      />
      <span class="quiet small number">
        {countdownText(value)} / {countdownText(endMs)}
      </span>
      <select
        class="input speed"
        aria-label="Speed"
        value={speed}
        onChange={(event) => setSpeed(Number(event.currentTarget.value))}
      >
        {speeds.map((each) => (
          <option value={each}>{each}×</option>
        ))}
      </select>
      {at === null ? null : (
        <button class="plain small" type="button" onClick={() => (play(false), seek(null))}>
          Show all
        </button>
      )}
    </div>
  )
}
