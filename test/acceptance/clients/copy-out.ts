import type { Client, Connection, Submittable } from 'pg'

/** COPY TO STDOUT with `pg`, as its add-ons for streams do it: one Query, and its data piece by piece. */
class CopyOut implements Submittable {
  readonly done: PromiseWithResolvers<readonly string[]> = Promise.withResolvers()
  readonly #text: string
  readonly #pieces: string[] = []

  constructor(text: string) {
    this.#text = text
  }

  submit(connection: Connection): void {
    connection.query(this.#text)
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#pieces.push(chunk.toString('latin1'))
  }

  handleCommandComplete(): void {}

  handleError(error: unknown): void {
    this.done.reject(error)
  }

  handleReadyForQuery(): void {
    this.done.resolve(this.#pieces)
  }
}

/** The messages of data, each byte as one character. */
export function copiedOut(client: Client, text: string): Promise<readonly string[]> {
  return client.query(new CopyOut(text)).done.promise
}
