import type { Request } from './request.ts'

export type FileRequest = Extract<Request, { kind: 'handle' }>

/** What the caller asks of one open file, in order, until it closes it or is gone. */
export class FileRequests implements AsyncIterable<FileRequest> {
  readonly #waiting: FileRequest[] = []
  #over = false
  #wake: (() => void) | undefined

  push(request: FileRequest): void {
    this.#waiting.push(request)
    this.#wake?.()
  }

  end(): void {
    this.#over = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FileRequest> {
    for (;;) {
      const request = this.#waiting.shift()
      if (request !== undefined) yield request
      else if (this.#over) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
