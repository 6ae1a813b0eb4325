import { Stop, type Recognised, type Recogniser } from '@sluice/core'
import type { MaskContext } from './mask.ts'

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

/** For tests: of an answer in which nothing is hidden and nobody looks, but for what is changed. */
export function maskContext(change: Partial<MaskContext> = {}): MaskContext {
  return {
    sight: { prefix: '/t', origin: 'http://t', base_path: '' },
    hiding: null,
    pseudonyms: undefined,
    hidden: () => [],
    acceptEncoding: null,
    bodiless: false,
    guard: undefined,
    meter: undefined,
    decision: 'dec_1',
    rejected: () => {},
    stop: new Stop(),
    ...change,
  }
}
