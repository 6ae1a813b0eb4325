/** In the last part of its life it is not used: it must not end on the way. */
const spareMs = 60_000

/** `untilMs`: by the clock of whoever asks for it. */
export interface Given<Value> {
  readonly value: Value
  readonly untilMs: number
}

/** What somebody gives this gateway for a while, such as a token or keys: asked for when needed, by one for all. */
export class ShortLived<Value> {
  readonly #ask: () => Promise<Given<Value>>
  readonly #now: () => number
  #held: { readonly value: Promise<Value>; untilMs: number } | undefined

  constructor(ask: () => Promise<Given<Value>>, now: () => number) {
    this.#ask = ask
    this.#now = now
  }

  get(): Promise<Value> {
    if (this.#held !== undefined && this.#now() < this.#held.untilMs) return this.#held.value
    const value = this.#ask().then((given) => {
      held.untilMs = given.untilMs - spareMs
      return given.value
    })
    const held = { value, untilMs: Infinity }
    this.#held = held
    // A failure is not remembered.
    value.catch(() => {
      if (this.#held === held) this.#held = undefined
    })
    return value
  }

  /** The last one was refused. */
  forget(): void {
    this.#held = undefined
  }
}
