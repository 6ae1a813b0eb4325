import { signal } from '@preact/signals'
import type { JSX } from 'preact'

interface Toast {
  readonly id: number
  readonly text: string
  readonly wrong: boolean
}

const toasts = signal<readonly Toast[]>([])
const shownMs = 6_000
let last = 0

/** Says for a moment what became of something. */
export function say(text: string, wrong: boolean = false): void {
  const id = (last += 1)
  toasts.value = [...toasts.value, { id, text, wrong }].slice(-3)
  setTimeout(() => (toasts.value = toasts.value.filter((each) => each.id !== id)), shownMs)
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, wrong }) => (
        <div key={id} class={wrong ? 'toast wrong-end' : 'toast'}>
          {text}
        </div>
      ))}
    </div>
  )
}
