import { crc32 } from 'node:zlib'
import type { Disk } from './disk.ts'
import type { KeyShelf } from './key-shelf.ts'

/**
 * Data keys in files of 256 slots beside the log.
 *
 *     slot of 128 bytes:  0  4  CRC-32 of the rest     4  4  length     8  …  wrapped key     all zeros: erased
 */
export const slotsPerFile = 256
const slotBytes = 128
const wrappedBytesMax = slotBytes - 8

type KeyDisk = Pick<Disk, 'list' | 'read' | 'write' | 'create'>

export class KeyFiles implements KeyShelf {
  readonly #disk: KeyDisk
  #file: number

  private constructor(disk: KeyDisk, file: number) {
    this.#disk = disk
    this.#file = file
  }

  /** What is put goes into new files: an unused key of an earlier process is never taken up. */
  static async open(disk: KeyDisk): Promise<KeyFiles> {
    return new KeyFiles(disk, Math.max(0, ...(await disk.list()).map((name) => keyFileNumber(name) ?? 0)))
  }

  /** Throws for more than one file holds. */
  async put(wrapped: readonly Uint8Array[]): Promise<readonly number[]> {
    if (wrapped.length > slotsPerFile) throw new Error('these keys do not fit into one file')
    const file = ++this.#file
    const empty = Buffer.alloc((slotsPerFile - wrapped.length) * slotBytes)
    await this.#disk.create(keyFileName(file), Buffer.concat([...wrapped.map(encodeSlot), empty]))
    return wrapped.map((_, slot) => file * slotsPerFile + slot)
  }

  async get(id: number): Promise<Uint8Array | null> {
    const { name, at } = slotOf(id)
    const slot = Buffer.alloc(slotBytes)
    if ((await this.#disk.read(name, at, slot)) < slotBytes) throw new Error(`data key ${id} is missing`)
    switch (slotState(slot)) {
      case 'erased':
        return null
      case 'damaged':
        throw new Error(`data key ${id} is damaged`)
      case 'present':
        return slot.subarray(8, 8 + slot.readUInt32LE(4))
    }
  }

  async erase(id: number): Promise<void> {
    const { name, at } = slotOf(id)
    const slot = Buffer.alloc(slotBytes, 0xff)
    await this.#disk.read(name, at, slot)
    if (slotState(slot) !== 'erased') await this.#disk.write(name, at, Buffer.alloc(slotBytes))
  }
}

/** `null` for a file that holds no data keys. */
export function keyFileNumber(name: string): number | null {
  const match = /^(\d{10})\.keys$/.exec(name)
  return match === null ? null : Number(match[1])
}

/** Offsets of slots that are neither whole nor erased. */
export async function damagedSlots(disk: Pick<Disk, 'read'>, name: string): Promise<readonly number[]> {
  const content = Buffer.alloc(slotsPerFile * slotBytes + 1)
  const bytes = await disk.read(name, 0, content)
  const expected = slotsPerFile * slotBytes
  if (bytes !== expected) return [Math.min(bytes, expected)]
  const offsets = Array.from({ length: slotsPerFile }, (_, slot) => slot * slotBytes)
  return offsets.filter((at) => slotState(content.subarray(at, at + slotBytes)) === 'damaged')
}

export function keyFileName(file: number): string {
  return `${String(file).padStart(10, '0')}.keys`
}

function slotState(slot: Buffer): 'present' | 'erased' | 'damaged' {
  if (slot.every((byte) => byte === 0)) return 'erased'
  const whole = crc32(slot.subarray(4)) === slot.readUInt32LE(0) && slot.readUInt32LE(4) <= wrappedBytesMax
  return whole ? 'present' : 'damaged'
}

function encodeSlot(wrapped: Uint8Array): Buffer {
  if (wrapped.length > wrappedBytesMax) throw new Error('the wrapped data key does not fit into its slot')
  const slot = Buffer.alloc(slotBytes)
  slot.writeUInt32LE(wrapped.length, 4)
  slot.set(wrapped, 8)
  slot.writeUInt32LE(crc32(slot.subarray(4)), 0)
  return slot
}

function slotOf(id: number): { readonly name: string; readonly at: number } {
  return { name: keyFileName(Math.floor(id / slotsPerFile)), at: (id % slotsPerFile) * slotBytes }
}
