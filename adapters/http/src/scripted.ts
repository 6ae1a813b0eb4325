import type { Recognised, Recogniser } from '@sluice/core'

/** For tests: knows one word as a person, and keeps what it was asked. */
export class ScriptedRecogniser implements Recogniser {
  readonly detectors: readonly string[] = ['person']
  readonly asked: string[] = []
  readonly #word: string
  /** Rejects with it instead. */
  failure: Error | undefined

  constructor(word: string) {
    this.#word = word
  }

  async recognise(texts: readonly string[]): Promise<readonly (readonly Recognised[])[]> {
    this.asked.push(...texts)
    if (this.failure !== undefined) throw this.failure
    return texts.map((text) =>
      Array.from(text.matchAll(new RegExp(this.#word, 'g')), ({ index }) => ({
        start: index,
        end: index + this.#word.length,
        detectors: this.detectors,
      })),
    )
  }
}
