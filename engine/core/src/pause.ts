import type { Clock } from './ports.ts'

/** Resolves after a time, or when the signal aborts. */
export async function pause(ms: number, clock: Pick<Clock, 'after'>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const leave = (): void => resolve()
  signal.addEventListener('abort', leave, { once: true })
  using _timer = clock.after(ms, resolve)
  await promise
  signal.removeEventListener('abort', leave)
}
