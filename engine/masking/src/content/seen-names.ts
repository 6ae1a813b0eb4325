/** Names that have been judged once. It forgets some when there are many, which costs time and nothing else. */
export class SeenNames {
  readonly #names: (Buffer | undefined)[] = []

  /** Whether the name has been added lately. */
  has(bytes: Buffer, start: number, end: number): boolean {
    const name = this.#names[slotOf(bytes, start, end)]
    if (name === undefined || name.length !== end - start) return false
    for (let at = 0; at < name.length; at++) if (name[at] !== bytes[start + at]) return false
    return true
  }

  add(bytes: Buffer, start: number, end: number): void {
    if (end - start <= nameBytesMax)
      this.#names[slotOf(bytes, start, end)] = Buffer.from(bytes.subarray(start, end))
  }
}

/** A power of two. */
const slots = 256
const nameBytesMax = 64

function slotOf(bytes: Buffer, start: number, end: number): number {
  const middle = bytes[(start + end) >> 1] ?? 0
  return ((bytes[start] ?? 0) + 31 * middle + 7 * (bytes[end - 1] ?? 0) + (end - start)) & (slots - 1)
}
