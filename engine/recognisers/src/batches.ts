/** Some of many texts, and their places among all. */
export interface Batch {
  readonly texts: readonly string[]
  readonly places: readonly number[]
}

export const batchLimits = { texts: 200, chars: 10_000 } as const

/** Texts that are nothing have nothing in them, and are in no batch. One that is longer than a batch is one by itself. */
export function* batchesOf(all: readonly string[]): Generator<Batch, undefined> {
  let texts: string[] = []
  let places: number[] = []
  let chars = 0
  for (const [place, text] of all.entries()) {
    if (text === '') continue
    if (texts.length === batchLimits.texts || (chars > 0 && chars + text.length > batchLimits.chars)) {
      yield { texts, places }
      texts = []
      places = []
      chars = 0
    }
    texts.push(text)
    places.push(place)
    chars += text.length
  }
  if (texts.length > 0) yield { texts, places }
}
