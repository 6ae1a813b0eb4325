interface Edit {
  readonly start: number
  readonly end: number
  readonly instead: string
}

/** Bytes that leave as they came, but for the parts that are replaced. */
export class Edits {
  readonly #bytes: Buffer
  readonly #edits: Edit[] = []

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  replace(start: number, end: number, instead: string): void {
    this.#edits.push({ start, end, instead })
  }

  /** All of it up to there. */
  upTo(end: number): Buffer {
    if (this.#edits.length === 0) return this.#bytes.subarray(0, end)
    // Three bytes are the most that one unit of a string can take.
    const units = this.#edits.reduce((sum, { instead }) => sum + instead.length, 0)
    const room = Buffer.allocUnsafe(end + 3 * units)
    let from = 0
    let at = 0
    for (const edit of this.#edits.sort((one, other) => one.start - other.start)) {
      at += this.#bytes.copy(room, at, from, edit.start)
      at += written(edit.instead, room, at)
      from = edit.end
    }
    at += this.#bytes.copy(room, at, from, end)
    return room.subarray(0, at)
  }
}

/** How many bytes it takes. Most are short and ASCII, and asking the runtime for each costs more than the bytes do. */
function written(text: string, room: Buffer, start: number): number {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 0x80) return room.write(text, start)
    room[start + at] = unit
  }
  return text.length
}
