/** Where a value was found, in UTF-16 units of the text: from `start` to before `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Finds values of one class wherever they stand in a text. */
export interface Detector {
  /** E.g. `card`; policies ask for it under this name. */
  readonly name: string
  /** No value is longer: whoever reads a text in pieces holds back as much of it. */
  readonly charsMax: number
  /** In order, without overlaps, in time linear in the text. */
  find(text: string): readonly Span[]
  /**
   * Where a value may have begun that the end of the text cuts off, or that its end makes look like one: what is found
   * before it stays, whatever comes behind the text. The length of the text when there is no such place. Whoever reads a
   * text in pieces then holds back no more than that; without this, as much as `charsMax`.
   */
  readonly unfinished?: (text: string) => number
  /**
   * What is found in a text is found also where other texts stand before and behind it with U+0000 between: `exactly` it
   * and no more, or `roughly`, in part at least and maybe more. Many short texts are then looked at as one, which costs much less.
   */
  readonly separable?: 'exactly' | 'roughly' | undefined
  /** Looks at each text alone and at all of it. A number of JSON is no text, and the name of a header is not of its value. */
  readonly ofTexts?: boolean
}
