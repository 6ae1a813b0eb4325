import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { go } from '../location.ts'
import { placesFor } from '../places.ts'
import { is } from '../who.ts'

/** What a key does, and what it is called in the list of keys. */
export interface Key {
  readonly key: string
  readonly does: string
  readonly press: () => void
}

const listening = signal<readonly (() => readonly Key[])[]>([])
const helping = signal(false)

/** These keys, as long as a part of the page is there: whoever sees it can press them. */
export function useKeys(keys: readonly Key[]): void {
  const latest = useRef(keys)
  latest.current = keys
  useLayoutEffect(() => {
    const mine = (): readonly Key[] => latest.current
    listening.value = [...listening.value, mine]
    return () => (listening.value = listening.value.filter((other) => other !== mine))
  }, [])
}

/** Keys that go through the lines of a list and open one. Which one is chosen; -1: none yet. */
export function useLineKeys(lines: number, line: string, open: (at: number) => void): number {
  const [at, setAt] = useState(-1)
  const move = (by: number): void => setAt(Math.max(0, Math.min(lines - 1, at + by)))
  useKeys([
    { key: 'j', does: `The next ${line}`, press: () => move(1) },
    { key: 'k', does: 'The one before', press: () => move(-1) },
    { key: 'Enter', does: 'Open it', press: () => open(at) },
  ])
  return at
}

const chordMs = 1_000
let goingUntil = 0

export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (document.querySelector('dialog[open]') !== null) return
    if (press(event.key, event.timeStamp)) event.preventDefault()
  })
}

function press(key: string, at: number): boolean {
  if (at < goingUntil) {
    goingUntil = 0
    const to = placesFor(is)
      .flatMap(({ places }) => places)
      .find((each) => each.key === key)
    if (to !== undefined) go(`/${to.path}`)
    return to !== undefined
  }
  if (key === 'g') {
    goingUntil = at + chordMs
    return true
  }
  if (key === '?') {
    helping.value = true
    return true
  }
  // What came last is in front.
  const found = listening.value
    .toReversed()
    .flatMap((keys) => keys())
    .find((each) => each.key === key)
  found?.press()
  return found !== undefined
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null
}

export function KeyHelp(): JSX.Element | null {
  const dialog = useRef<HTMLDialogElement>(null)
  const open = helping.value
  useLayoutEffect(() => {
    if (open) dialog.current?.showModal()
  }, [open])
  if (!open) return null
  const here = listening.value.flatMap((keys) => keys())
  return (
    <dialog ref={dialog} onClose={() => (helping.value = false)} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <div class="keys">
        {here.map(({ key, does }) => (
          <>
            <kbd>{key === ' ' ? 'space' : key}</kbd>
            <span>{does}</span>
          </>
        ))}
        {placesFor(is).flatMap(({ places }) =>
          places.map(({ key, name }) => (
            <>
              <span>
                <kbd>g</kbd> <kbd>{key}</kbd>
              </span>
              <span>Go to {name.toLowerCase()}</span>
            </>
          )),
        )}
        <kbd>?</kbd>
        <span>These keys</span>
      </div>
      <div class="row">
        <button class="button" type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  )
}
