import type { Detector } from '../detector.ts'
import { foldShared, unitsMax } from './fold.ts'

/** Finds in the text as it reads; the spans are those of the text as it is. */
export function folded(plain: Detector): Detector {
  const { unfinished } = plain
  return {
    name: plain.name,
    separable: plain.separable,
    charsMax: plain.charsMax * unitsMax,
    find(text) {
      const view = foldShared(text)
      if (view === null) return plain.find(text)
      return plain.find(view.text).map(({ start, end }) => {
        const last = view.original(end - 1)
        const units = (text.codePointAt(last) ?? 0) > 0xffff ? 2 : 1
        return { start: view.original(start), end: last + units }
      })
    },
    ...(unfinished !== undefined && { unfinished: (text: string) => unfinishedIn(unfinished, text) }),
  }
}

function unfinishedIn(unfinished: (text: string) => number, text: string): number {
  // Half a character may become a digit.
  const complete = text.replace(/[\ud800-\udbff]$/, '')
  const view = foldShared(complete)
  if (view === null) return unfinished(complete)
  const start = unfinished(view.text)
  return start < view.text.length ? view.original(start) : complete.length
}
