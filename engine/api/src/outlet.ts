import type { Clock } from '@sluice/core'

export interface OutletOptions {
  readonly clock: Pick<Clock, 'after'>
  /** Messages that may wait. */
  readonly queue: number
  readonly heartbeatMs: number
  /** It was told that it is over; the last message may still be on its way. */
  readonly ended: () => void
}

/** Why a stream ends, as its last message says. */
export type OutletEnd = 'expired' | 'revoked' | 'slow' | 'draining'

/**
 * One follower of the stream, as server-sent events. It holds a bounded number of messages: a follower that does not
 * take them is told so and let go, and never makes anybody else wait.
 */
export class Outlet implements AsyncIterable<string> {
  readonly #options: OutletOptions
  readonly #waiting: string[] = []
  #wake: (() => void) | undefined
  #ended = false
  #heartbeat: Disposable | undefined

  constructor(options: OutletOptions) {
    this.#options = options
    this.#waiting.push(': following\n\n')
    this.#beat()
  }

  /** `id`: where a follower goes on that was cut off after this message. */
  send(event: string, data: object, id?: string): void {
    if (this.#ended) return
    if (this.#waiting.length >= this.#options.queue) this.end('slow')
    else this.#push(message(event, data, id))
  }

  /** What waits is given up when the follower was too slow for it. */
  end(reason: OutletEnd): void {
    if (this.#ended) return
    if (reason === 'slow') this.#waiting.length = 0
    this.#push(message('end', { reason }))
    this.close()
    this.#options.ended()
  }

  /** The follower is gone. Idempotent. */
  close(): void {
    this.#ended = true
    this.#heartbeat?.[Symbol.dispose]()
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next !== undefined) yield next
      else if (this.#ended) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #push(text: string): void {
    this.#waiting.push(text)
    this.#wake?.()
  }

  #beat(): void {
    this.#heartbeat = this.#options.clock.after(this.#options.heartbeatMs, () => {
      if (this.#ended) return
      // Who has not even taken the last one needs no other.
      if (this.#waiting.length === 0) this.#push(': still here\n\n')
      this.#beat()
    })
  }
}

/** JSON has no line break that is not escaped, so a message is one line. */
function message(event: string, data: object, id?: string): string {
  const place = id === undefined ? '' : `id: ${id}\n`
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n${place}\n`
}
