/** COPY data waiting for the target: above this the client is not read further. */
const waitingBytesMax = 262_144

/**
 * What a client streams after a COPY … FROM STDIN: whole CopyData, CopyDone and CopyFail messages. One consumer.
 * What nobody wants any more is taken and dropped, as a server does after a failed COPY.
 */
export class CopyBody implements AsyncIterable<Buffer, undefined>, AsyncIterator<Buffer, undefined> {
  /** The client said how it ends: CopyDone or CopyFail was among the messages. */
  complete = false
  #waiting: Buffer[] = []
  #bytes = 0
  #ended = false
  #discarded = false
  #more: PromiseWithResolvers<IteratorResult<Buffer, undefined>> | undefined
  #room: PromiseWithResolvers<void> | undefined

  readonly #beginning = Promise.withResolvers<boolean>()

  readonly #passed = Promise.withResolvers<void>()

  /** Resolves when all of it is on its way, or nobody wants it any more: what the client sent behind it may follow. */
  get passed(): Promise<void> {
    return this.#passed.promise
  }

  pass(): void {
    this.#passed.resolve()
  }

  /** Resolves once it is known whether the server asks for it. */
  get wanted(): Promise<boolean> {
    return this.#beginning.promise
  }

  started(): void {
    this.#beginning.resolve(true)
  }

  get over(): boolean {
    return this.#ended || this.#discarded
  }

  /** A promise while there is no room for more. */
  push(message: Buffer): Promise<void> | undefined {
    if (this.over) return undefined
    const more = this.#more
    if (more !== undefined) {
      this.#more = undefined
      more.resolve({ done: false, value: message })
      return undefined
    }
    this.#waiting.push(message)
    this.#bytes += message.length
    if (this.#bytes <= waitingBytesMax) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  /** Nothing more will be pushed. */
  end(): void {
    this.#ended = true
    this.#more?.resolve({ done: true, value: undefined })
    this.#more = undefined
  }

  /** Nobody will read it: whoever waits for room goes on. */
  discard(): void {
    this.#discarded = true
    this.#beginning.resolve(false)
    this.pass()
    this.#waiting = []
    this.#bytes = 0
    this.#room?.resolve()
    this.#room = undefined
    this.end()
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    const message = this.#waiting.shift()
    if (message !== undefined) {
      this.#bytes -= message.length
      if (this.#bytes <= waitingBytesMax) {
        this.#room?.resolve()
        this.#room = undefined
      }
      return Promise.resolve({ done: false, value: message })
    }
    if (this.over) return Promise.resolve({ done: true, value: undefined })
    this.#more = Promise.withResolvers()
    return this.#more.promise
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
