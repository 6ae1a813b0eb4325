/** A stretch of a text in which something was found, in UTF-16 units: from `start` to before `end`. */
export interface Recognised {
  readonly start: number
  readonly end: number
  /** All that found something in it. */
  readonly detectors: readonly string[]
}

/** Finds what has no look of its own, such as names of people: it asks somebody else and takes its time. */
export interface Recogniser {
  /** Under which masks ask for what it finds, e.g. `person`. */
  readonly detectors: readonly string[]
  /**
   * What is in each of the texts, in their order; in each of them in order and without overlaps. Rejects with
   * `RecogniserFailed` whenever it cannot tell: what was not searched must not pass as if nothing were in it.
   */
  recognise(texts: readonly string[], signal: AbortSignal): Promise<readonly (readonly Recognised[])[]>
}

/** The message is for people and has nothing of the texts in it. */
export class RecogniserFailed extends Error {
  override readonly name = 'RecogniserFailed'
}
