import type { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { FrameBuffer } from './frames.ts'

/** A peer that sends more than this ahead of what it is asked for is not read further until it is. */
const aheadBytesMax = 262_144

/** The incoming half of a socket, read message by message. */
export class Receiver {
  readonly buffer: FrameBuffer = new FrameBuffer()
  readonly #socket: Duplex
  #more: PromiseWithResolvers<boolean> | undefined
  #over = false
  readonly #gone = Promise.withResolvers<void>()

  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('end', this.#onOver)
    socket.on('close', this.#onOver)
    // Without a listener an error of one connection would end the process; `close` follows it.
    socket.on('error', this.#onError)
  }

  /** Resolves when the peer will send nothing more. */
  get gone(): Promise<void> {
    return this.#gone.promise
  }

  /** Waits for bytes that are not in `buffer` yet; false when none will come. */
  more(): Promise<boolean> {
    if (this.#over) return Promise.resolve(false)
    this.#more ??= Promise.withResolvers()
    if (this.#socket.isPaused()) this.#socket.resume()
    return this.#more.promise
  }

  /** Hands the socket back, paused: nothing that arrives from now on is lost, and nothing is read here. */
  detach(): void {
    this.#socket.pause()
    this.#socket.off('data', this.#onData)
    this.#socket.off('end', this.#onOver)
    this.#socket.off('close', this.#onOver)
    this.#socket.off('error', this.#onError)
  }

  /** Nobody wants to hear more of this peer: whoever waits for it goes on. */
  stop(): void {
    this.#onOver()
    this.#socket.resume()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.buffer.push(chunk)
    if (this.buffer.length > aheadBytesMax) this.#socket.pause()
    const more = this.#more
    this.#more = undefined
    more?.resolve(true)
  }

  readonly #onError = (): void => {}

  readonly #onOver = (): void => {
    this.#over = true
    this.#more?.resolve(false)
    this.#more = undefined
    this.#gone.resolve()
  }
}

/** From here on the copies, the hash and the seal of a message take longer than most whole exchanges. */
const longMessageBytes = 65_536

/**
 * Reads with `take` until it has a whole message; `undefined` when the peer is gone before that. What a long one takes is
 * spread over several turns of the event loop: others have theirs in between.
 */
export async function receive(
  receiver: Receiver,
  take: (buffer: FrameBuffer) => Buffer | undefined,
): Promise<Buffer | undefined> {
  for (;;) {
    const message = take(receiver.buffer)
    if (message !== undefined) {
      if (message.length > longMessageBytes) await turn()
      return message
    }
    if (!(await receiver.more())) return undefined
  }
}
