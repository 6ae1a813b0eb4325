import type { Duplex } from 'node:stream'
import { deserialize, serialize } from 'node:v8'

/** Before each message: its bytes, little endian. */
const headBytes = 4

/**
 * Messages between two processes of one gateway, each as it was when it was sent, in order. The other end is of the
 * same build and trusted: what it sends is not looked at.
 */
export class Channel<Out, In> {
  readonly #socket: Duplex
  readonly #take: (message: In) => void
  readonly #over = Promise.withResolvers<void>()
  #isOver = false
  #corked = false
  /** Of the message that has not arrived whole. */
  #parts: Buffer[] = []
  #partsBytes = 0

  /** `take` must not throw. */
  constructor(socket: Duplex, take: (message: In) => void) {
    this.#socket = socket
    this.#take = take
    socket.on('data', (bytes: Buffer) => this.#arrived(bytes))
    // What is in flight when the other end dies is lost, which is all that there is to say.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      this.#isOver = true
      this.#over.resolve()
    })
  }

  /** Resolves when nothing will arrive any more, and all that did was handed out. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** How many bytes it takes; lost when the other end is gone. Throws for what no copy can be made of. */
  send(message: Out): number {
    const body = serialize(message)
    if (this.#isOver) return body.length
    const head = Buffer.allocUnsafe(headBytes)
    head.writeUInt32LE(body.length)
    this.#gather()
    this.#socket.write(head)
    this.#socket.write(body)
    return body.length
  }

  /** Sends what is left, then closes. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** What is sent in one turn of the event loop goes out in one call of the system. */
  #gather(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
    process.nextTick(() => {
      this.#corked = false
      this.#socket.uncork()
    })
  }

  #arrived(bytes: Buffer): void {
    this.#parts.push(bytes)
    this.#partsBytes += bytes.length
    if (this.#partsBytes < this.#wanted()) return
    const whole = this.#parts.length === 1 ? bytes : Buffer.concat(this.#parts)
    let at = 0
    while (whole.length - at >= headBytes) {
      const end = at + headBytes + whole.readUInt32LE(at)
      if (end > whole.length) break
      this.#take(deserialize(whole.subarray(at + headBytes, end)) as In)
      at = end
    }
    const rest = whole.subarray(at)
    this.#parts = rest.length === 0 ? [] : [rest]
    this.#partsBytes = rest.length
  }

  /** Bytes without which there is nothing to hand out. */
  #wanted(): number {
    const [first] = this.#parts
    return first === undefined || first.length < headBytes ? headBytes : headBytes + first.readUInt32LE(0)
  }
}
