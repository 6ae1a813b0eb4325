import type { Clock } from '@sluice/core'

export interface Frame {
  readonly id: string
  readonly bytes: Buffer
}

/** As much as may usually lie in the buffers of both machines, and for how long before a loss shows. */
const bytesMax = 4_194_304
const ageMsMax = 120_000

/** What was written last and nobody confirmed. Bounded: what is older, or before so many bytes, counts as read. */
export class UnconfirmedFrames {
  readonly #clock: Pick<Clock, 'monotonic'>
  #frames: (Frame & { readonly atMs: number })[] = []
  #bytes = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0
  }

  /** About to be written. */
  add(frames: readonly Frame[]): void {
    const atMs = this.#clock.monotonic()
    for (const frame of frames) {
      this.#frames.push({ ...frame, atMs })
      this.#bytes += frame.bytes.length
    }
    this.settle()
  }

  /** They are written anew by somebody else. */
  forget(ids: readonly string[]): void {
    const gone = new Set(ids)
    this.#frames = this.#frames.filter(({ id }) => !gone.has(id))
    this.#bytes = this.#frames.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** All that are there, oldest first; they are not any more. */
  take(): readonly Frame[] {
    const frames = this.#frames
    this.#frames = []
    this.#bytes = 0
    return frames
  }

  /** What can be taken for read is let go. */
  settle(): void {
    const oldest = this.#clock.monotonic() - ageMsMax
    let settled = 0
    for (const { bytes, atMs } of this.#frames) {
      if (this.#bytes <= bytesMax && atMs >= oldest) break
      this.#bytes -= bytes.length
      settled += 1
    }
    this.#frames.splice(0, settled)
  }
}
