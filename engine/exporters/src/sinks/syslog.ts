import type { Socket } from 'node:net'
import type { Clock } from '@sluice/core'
import { Backoff, type BackoffPorts } from '../backoff.ts'
import type { Parcel } from '../parcel.ts'
import { delivered, failed, type Delivery, type Sink } from '../sink.ts'
import { openConnection, wordsOf, writeTo, type ConnectionTo } from './connection.ts'
import { frameOf, type SyslogHeader } from './syslog-frame.ts'
import { UnconfirmedFrames, type Frame } from './unconfirmed.ts'

export interface SyslogOptions extends SyslogHeader, ConnectionTo {
  /** Longer messages are refused here: receivers cut them without a word. */
  readonly messageBytesMax: number
  readonly clock: Clock
  readonly ids: BackoffPorts['ids']
}

const goodbyeMs = 1_000

/**
 * Syslog over TCP or TLS. The protocol has no acknowledgement: what was written may still be lost where a connection
 * breaks. So what was written last is kept and written again on the next connection, which repeats more than it
 * saves; each message has the id of its event.
 */
export class SyslogSink implements Sink {
  readonly #options: SyslogOptions
  readonly #unconfirmed: UnconfirmedFrames
  readonly #backoff: Backoff
  readonly #leaving = new AbortController()
  #connection: Promise<Socket> | undefined
  #restoring: Promise<void> | undefined

  constructor(options: SyslogOptions) {
    this.#options = options
    this.#unconfirmed = new UnconfirmedFrames(options.clock)
    this.#backoff = new Backoff(options)
  }

  async deliver(batch: readonly Parcel[], signal: AbortSignal): Promise<Delivery> {
    const { messageBytesMax } = this.#options
    const frames = batch.map((parcel) => ({ id: parcel.id, bytes: frameOf(parcel, this.#options) }))
    const fitting = frames.filter(({ bytes }) => bytes.length <= messageBytesMax)
    try {
      if (fitting.length > 0) await this.#write(fitting, signal)
    } catch (error) {
      return failed(wordsOf(error))
    }
    if (fitting.length === batch.length) return delivered
    const reason = `a message may not be longer than ${messageBytesMax} bytes`
    const refused = frames.flatMap(({ bytes }, at) =>
      bytes.length > messageBytesMax ? [{ at, reason }] : [],
    )
    return { kind: 'sorted', refused, left: [], reason, afterMs: 0 }
  }

  /** Lets the receiver read to the end. */
  async close(): Promise<void> {
    this.#leaving.abort()
    const socket = await this.#connection?.catch(() => undefined)
    await this.#restoring
    if (socket === undefined || socket.destroyed) return
    const { promise, resolve } = Promise.withResolvers<void>()
    using _patience = this.#options.clock.after(goodbyeMs, resolve)
    socket.once('close', () => resolve())
    socket.end()
    await promise
    socket.destroy()
  }

  async #write(frames: readonly Frame[], signal: AbortSignal): Promise<void> {
    this.#unconfirmed.forget(frames.map(({ id }) => id))
    const socket = await this.#connected()
    this.#unconfirmed.add(frames)
    await writeTo(socket, bytesOf(frames), this.#options.clock, signal)
  }

  #connected(): Promise<Socket> {
    if (this.#connection !== undefined) return this.#connection
    const connection: Promise<Socket> = this.#open(() => {
      if (this.#connection === connection) this.#lost()
    })
    this.#connection = connection
    connection.catch(() => {
      if (this.#connection === connection) this.#connection = undefined
    })
    return connection
  }

  async #open(lost: () => void): Promise<Socket> {
    const { signal } = this.#leaving
    const socket = await openConnection(this.#options, signal)
    const again = this.#unconfirmed.take()
    this.#unconfirmed.add(again)
    await writeTo(socket, bytesOf(again), this.#options.clock, signal)
    socket.once('close', lost)
    if (socket.destroyed) throw new Error('the connection was closed')
    return socket
  }

  #lost(): void {
    this.#connection = undefined
    this.#unconfirmed.settle()
    if (!this.#leaving.signal.aborted && !this.#unconfirmed.isEmpty) this.#restoring ??= this.#restore()
  }

  /** What may have been lost does not wait until something new happens. */
  async #restore(): Promise<void> {
    const { signal } = this.#leaving
    let isDone = false
    while (!isDone && !signal.aborted && !this.#unconfirmed.isEmpty) {
      await this.#backoff.wait(0, signal)
      // Why there is no connection the next batch reports.
      isDone = await this.#connected().then(
        () => true,
        () => false,
      )
    }
    this.#backoff.reset()
    this.#restoring = undefined
  }
}

function bytesOf(frames: readonly Frame[]): Buffer {
  return Buffer.concat(frames.map(({ bytes }) => bytes))
}
