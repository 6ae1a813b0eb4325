import { signal, type ReadonlySignal } from '@preact/signals'
import { now } from './clock.ts'

const second = signal(now())
setInterval(() => {
  // Nobody sees a page that is hidden.
  if (document.visibilityState === 'visible') second.value = now()
}, 1_000)
document.addEventListener('visibilitychange', () => (second.value = now()))

/** The time, a second at a time: what runs down follows it. */
export const ticking: ReadonlySignal<number> = second
