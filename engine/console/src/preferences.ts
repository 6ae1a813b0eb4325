import { signal, type Signal } from '@preact/signals'
import type { Zone } from './time-text.ts'

/** What a reader chose for themselves, on this machine. */
export type Theme = 'system' | 'light' | 'dark'

export const zone: Signal<Zone> = kept('sluice.zone', ['local', 'utc'])
export const theme: Signal<Theme> = kept('sluice.theme', ['system', 'light', 'dark'])

theme.subscribe((chosen) => {
  if (chosen === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = chosen
})

/** The first is what holds until something else is chosen; a browser that keeps nothing is none the worse for it. */
function kept<T extends string>(name: string, values: readonly [T, ...T[]]): Signal<T> {
  const stored = values.find((value) => value === read(name))
  const chosen = signal<T>(stored ?? values[0])
  chosen.subscribe((value) => write(name, value))
  return chosen
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    // It is forgotten with this page.
  }
}
