import { getSystemErrorMap } from 'node:util'
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads'

/** Where the two threads meet, in 32-bit cells. The order and its answer are counters. */
export const cells = {
  order: 0,
  done: 1,
  /** Which buffer; one that the thread does not keep comes through the port. */
  buffer: 2,
  /** Negative: end. */
  fd: 3,
  from: 4,
  length: 5,
  /** The place in the file, 31 bits each. */
  atLow: 6,
  atHigh: 7,
  /** Zero, or the system's error number. */
  errno: 8,
  count: 9,
  /** Stands for an error that is not the system's. */
  unknownErrno: -1_000_000,
} as const

export interface ThreadData {
  readonly control: Int32Array<SharedArrayBuffer>
  readonly port: MessagePort
}

/** A buffer that goes with the order. */
export interface GivenBuffer {
  readonly memory: SharedArrayBuffer
  readonly keep: boolean
}

const buffersKept = 24
const notKept = -1

/** The event loop stands still for at most this, and after one such time not again for so many writes. */
const holdMs = 2
const unheldWrites = 50
const heldBytesMax = 65_536

const diskThread = new URL(`./disk-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** A thread that makes writes durable: one at a time, the caller sees to that. */
export class DurableThread {
  readonly #control = new Int32Array(new SharedArrayBuffer(cells.count * Int32Array.BYTES_PER_ELEMENT))
  readonly #kept: SharedArrayBuffer[] = []
  readonly #port: MessagePort
  readonly #worker: Worker
  readonly #exited: Promise<void>
  #gone: Error | undefined
  /** Writes that are not to be waited for in place. */
  #unheld = 0

  constructor(file: URL = diskThread) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#port.unref()
    const workerData: ThreadData = { control: this.#control, port: port2 }
    this.#worker = new Worker(file, {
      workerData,
      transferList: [port2],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: {},
    })
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()))
    this.#worker.once('error', (cause) => this.#end(cause))
    this.#worker.once('exit', () => this.#end())
  }

  /** Resolves when the bytes are durable, which must lie in memory that threads share. */
  async write(fd: number, at: number, bytes: Uint8Array<SharedArrayBuffer>): Promise<void> {
    if (this.#gone !== undefined) throw this.#gone
    const control = this.#control
    const done = Atomics.load(control, cells.done)
    Atomics.store(control, cells.buffer, this.#give(bytes.buffer))
    Atomics.store(control, cells.fd, fd)
    Atomics.store(control, cells.from, bytes.byteOffset)
    Atomics.store(control, cells.length, bytes.length)
    Atomics.store(control, cells.atLow, at % 2 ** 31)
    Atomics.store(control, cells.atHigh, Math.floor(at / 2 ** 31))
    Atomics.add(control, cells.order, 1)
    Atomics.notify(control, cells.order)
    if (!this.#answeredAtOnce(done, bytes.length)) await Atomics.waitAsync(control, cells.done, done).value
    const errno = Atomics.load(control, cells.errno)
    if (errno !== 0) throw systemError(errno)
  }

  /** Waits for the write under way, if any. */
  async close(): Promise<void> {
    if (this.#gone === undefined) {
      Atomics.store(this.#control, cells.fd, -1)
      Atomics.add(this.#control, cells.order, 1)
      Atomics.notify(this.#control, cells.order)
    }
    await this.#exited
    this.#port.close()
  }

  /**
   * Holds the caller's thread while a fast disk syncs, which costs less than to sleep and be woken by the event
   * loop. One that is slow is not waited for in this way again for a while.
   */
  #answeredAtOnce(done: number, bytes: number): boolean {
    if (bytes > heldBytesMax) return false
    if (this.#unheld > 0) {
      this.#unheld -= 1
      return false
    }
    if (Atomics.wait(this.#control, cells.done, done, holdMs) !== 'timed-out') return true
    this.#unheld = unheldWrites
    return false
  }

  #give(memory: SharedArrayBuffer): number {
    const known = this.#kept.indexOf(memory)
    if (known >= 0) return known
    const keep = this.#kept.length < buffersKept
    const given: GivenBuffer = { memory, keep }
    this.#port.postMessage(given)
    return keep ? this.#kept.push(memory) - 1 : notKept
  }

  /** Nobody answers any more: whoever waits is answered here. */
  #end(cause?: unknown): void {
    this.#gone ??= new Error('the thread that writes the log has ended', { cause })
    Atomics.store(this.#control, cells.errno, cells.unknownErrno)
    Atomics.add(this.#control, cells.done, 1)
    Atomics.notify(this.#control, cells.done)
  }
}

function systemError(errno: number): Error {
  const [code, message] = getSystemErrorMap().get(errno) ?? ['EIO', 'the write failed']
  return Object.assign(new Error(`${code}: ${message}, write`), { code, errno })
}
