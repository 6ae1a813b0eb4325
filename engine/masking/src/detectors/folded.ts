import type { Detector } from '../detector.ts'
import { fold, unitsMax } from './fold.ts'

/** Finds in the text as it reads; the spans are those of the text as it is. */
export function folded(plain: Detector): Detector {
  return {
    name: plain.name,
    charsMax: plain.charsMax * unitsMax,
    find(text) {
      const view = fold(text)
      if (view === null) return plain.find(text)
      return plain.find(view.text).map(({ start, end }) => {
        const last = view.original(end - 1)
        const units = (text.codePointAt(last) ?? 0) > 0xffff ? 2 : 1
        return { start: view.original(start), end: last + units }
      })
    },
  }
}
