const empty = Buffer.alloc(0)

/** What came and cannot be judged yet. Adding to it costs no more than what is added, however small the pieces. */
export class Tail {
  #room: Buffer = empty
  #start = 0
  #end = 0

  get length(): number {
    return this.#end - this.#start
  }

  /** What was kept and the next piece behind it; the piece itself when nothing was kept. */
  with(piece: Buffer): Buffer {
    if (this.length === 0) return piece
    if (this.#room.length - this.#end < piece.length) {
      const room = Buffer.allocUnsafe(2 * (this.length + piece.length))
      this.#end = this.#room.copy(room, 0, this.#start, this.#end)
      this.#start = 0
      this.#room = room
    }
    // Nothing before is written over: it may be on its way out.
    this.#end += piece.copy(this.#room, this.#end)
    return this.#room.subarray(this.#start, this.#end)
  }

  /** Of what `with` last gave, what is still to be kept. */
  keep(bytes: Buffer, from: number): void {
    if (this.length > 0) {
      this.#start += from
      return
    }
    this.#room = from === bytes.length ? empty : Buffer.from(bytes.subarray(from))
    this.#start = 0
    this.#end = this.#room.length
  }
}
