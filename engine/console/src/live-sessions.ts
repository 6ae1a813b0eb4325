import { signal, type ReadonlySignal } from '@preact/signals'

const changes = signal(0)
/** Many sessions may open at once; a list is asked for again at most so often. */
const atMostEveryMs = 1_000
let timer: ReturnType<typeof setTimeout> | undefined

/** Counts how often lists of sessions became old. */
export const sessionChanges: ReadonlySignal<number> = changes

export function tellSession(): void {
  timer ??= setTimeout(() => {
    timer = undefined
    changes.value += 1
  }, atMostEveryMs)
}
