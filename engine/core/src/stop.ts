/**
 * A one-way request to stop, with a reason. Cheaper than an AbortController, of which the hot path would make one
 * per statement, and typed. Listeners run once, synchronously, at once when it was already requested.
 */
export class Stop<Reason> {
  #reason: Reason | undefined
  #listeners: ((reason: Reason) => void)[] | undefined

  get requested(): Reason | undefined {
    return this.#reason
  }

  request(reason: Reason): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    const listeners = this.#listeners
    this.#listeners = undefined
    for (const listener of listeners ?? []) listener(reason)
  }

  on(listener: (reason: Reason) => void): Disposable {
    if (this.#reason !== undefined) {
      listener(this.#reason)
      return { [Symbol.dispose]: () => {} }
    }
    this.#listeners ??= []
    this.#listeners.push(listener)
    return { [Symbol.dispose]: () => this.#forget(listener) }
  }

  #forget(listener: (reason: Reason) => void): void {
    const at = this.#listeners?.indexOf(listener) ?? -1
    if (at >= 0) this.#listeners?.splice(at, 1)
  }
}
