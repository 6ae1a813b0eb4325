import type { Readable } from 'node:stream'

/** What a caller streams on its channel, pulled piece by piece until the caller or whoever wants it has an end. */
export class Inflow implements AsyncIterable<Buffer> {
  readonly #stream: Readable
  #over = false
  #wake: (() => void) | undefined
  readonly #woken = (): void => this.#wake?.()

  constructor(stream: Readable) {
    this.#stream = stream
    stream.on('readable', this.#woken).on('end', this.#woken).on('close', this.#woken)
  }

  /** Nobody wants more of it: what still comes is thrown away, so that the channel can end. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.#stream.off('readable', this.#woken)
    this.#stream.resume()
    this.#wake?.()
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.end()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  async #next(): Promise<IteratorResult<Buffer, undefined>> {
    while (!this.#over) {
      const bytes = this.#stream.read() as Buffer | null
      if (bytes !== null) return { done: false, value: bytes }
      if (this.#stream.readableEnded || this.#stream.destroyed) break
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return { done: true, value: undefined }
  }
}
