import type { Clock } from './ports.ts'
import { systemClock } from './system.ts'

/**
 * Calls `cut` once a caller has taken nothing of what is ready for it for so many milliseconds, unless it is disposed of
 * before. A process that slept or was held up itself has not looked yet at what was taken meanwhile: then the caller has
 * its time again.
 */
export function onStall(
  ms: number,
  cut: () => void,
  clock: Pick<Clock, 'monotonic' | 'after'> = systemClock,
): Disposable {
  const watch = (): Disposable => {
    const due = clock.monotonic() + ms
    return clock.after(ms, () => {
      if (clock.monotonic() - due > ms / 2) timer = watch()
      else cut()
    })
  }
  let timer = watch()
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() }
}
