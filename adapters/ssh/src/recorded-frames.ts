/**
 * What is recorded of a program that has no terminal: pieces of its streams as they passed, each behind a head of its
 * kind and its length.
 *
 *     u8 kind | u32 length | bytes
 */
export const frameKinds = ['stdin', 'stdout', 'stderr', 'stdin_end', 'end'] as const
export type FrameKind = (typeof frameKinds)[number]

export const frameHeadBytes = 5

export function frame(kind: FrameKind, bytes: Buffer | string): Buffer {
  const content = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  const framed = Buffer.allocUnsafe(frameHeadBytes + content.length)
  framed.writeUInt8(frameKinds.indexOf(kind), 0)
  framed.writeUInt32BE(content.length, 1)
  framed.set(content, frameHeadBytes)
  return framed
}

/** Puts frames together again out of pieces that may cut through anything. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  /** The whole frames so far. */
  read(piece: Uint8Array): readonly { readonly kind: FrameKind | undefined; readonly bytes: Buffer }[] {
    let rest = Buffer.concat([this.#rest, piece])
    const frames: { readonly kind: FrameKind | undefined; readonly bytes: Buffer }[] = []
    while (rest.length >= frameHeadBytes) {
      const end = frameHeadBytes + rest.readUInt32BE(1)
      if (rest.length < end) break
      frames.push({ kind: frameKinds[rest.readUInt8(0)], bytes: rest.subarray(frameHeadBytes, end) })
      rest = rest.subarray(end)
    }
    this.#rest = Buffer.from(rest)
    return frames
  }

  /** Bytes of a frame that did not come whole. */
  get left(): number {
    return this.#rest.length
  }
}
