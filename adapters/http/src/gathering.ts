const nothing = Buffer.alloc(0)

/** What comes in chunks, as one piece. Each of many small ones, kept for itself, would cost a hundred times what is in it. */
export class Gathering {
  #room: Buffer = nothing
  #length = 0

  get length(): number {
    return this.#length
  }

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length
    // The first is nearly always all, and is not copied.
    if (this.#length === 0) this.#room = chunk
    else {
      if (length > this.#room.length) this.#grow(2 * length)
      chunk.copy(this.#room, this.#length)
    }
    this.#length = length
  }

  whole(): Buffer {
    return this.#room.subarray(0, this.#length)
  }

  #grow(length: number): void {
    const room = Buffer.allocUnsafe(length)
    this.#room.copy(room, 0, 0, this.#length)
    this.#room = room
  }
}
