import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Disk } from './disk.ts'
import type { Keys } from './keys.ts'

/** One stream's key. Its id stands before everything sealed with it. */
export interface DataKey {
  readonly id: number
  readonly key: KeyObject
}

/**
 * Data keys lie wrapped in files of 256 slots beside the log, written ahead of need: a key is durable before its
 * first use without a write of its own, and one slot can be overwritten so that what it sealed is gone for good,
 * while no segment of the log ever changes.
 *
 *     slot of 128 bytes:  0  4  CRC-32 of the rest     4  4  length     8  …  wrapped key     all zeros: erased
 */
const slotsPerFile = 256
const slotBytes = 128
const wrappedBytesMax = slotBytes - 8
const refillBelow = slotsPerFile / 2

/** For the operator: what went wrong beside a caller's request. Never content. */
export type Report = (what: string, error: unknown) => void

type KeyDisk = Pick<Disk, 'list' | 'read' | 'write' | 'create'>

export class DataKeys {
  readonly #disk: KeyDisk
  readonly #keys: Keys
  readonly #report: Report
  #file: number
  #ready: DataKey[] = []
  #refilling: Promise<void> | undefined

  private constructor(disk: KeyDisk, keys: Keys, file: number, report: Report) {
    this.#disk = disk
    this.#keys = keys
    this.#file = file
    this.#report = report
  }

  /** Begins a new file: an unused key of an earlier process is never taken up. */
  static async open(disk: KeyDisk, keys: Keys, report: Report): Promise<DataKeys> {
    const last = Math.max(0, ...(await disk.list()).map((name) => keyFileNumber(name) ?? 0))
    const dataKeys = new DataKeys(disk, keys, last, report)
    await dataKeys.#refill()
    return dataKeys
  }

  /** A key that nobody had before; `undefined` while the disk takes no new ones. */
  take(): DataKey | undefined {
    const key = this.#ready.pop()
    if (this.#ready.length < refillBelow)
      this.#refilling ??= this.#refill()
        .catch((error: unknown) => this.#report('new data keys could not be written', error))
        .finally(() => (this.#refilling = undefined))
    return key
  }

  /** Resolves when no write is under way. */
  async settled(): Promise<void> {
    await this.#refilling
  }

  async #refill(): Promise<void> {
    const file = ++this.#file
    const plain = Array.from({ length: slotsPerFile }, () => randomBytes(32))
    const wrapped = await this.#keys.wrap(plain)
    await this.#disk.create(keyFileName(file), Buffer.concat(wrapped.map(encodeSlot)))
    const fresh = plain.map((key, slot) => ({ id: file * slotsPerFile + slot, key: createSecretKey(key) }))
    this.#ready = [...fresh.toReversed(), ...this.#ready]
  }
}

/** The key of that id; `null` when it was erased. Rejects when it is missing or damaged. */
export async function readDataKey(
  disk: Pick<Disk, 'read'>,
  keys: Keys,
  id: number,
): Promise<KeyObject | null> {
  const { name, at } = slotOf(id)
  const slot = Buffer.alloc(slotBytes)
  if ((await disk.read(name, at, slot)) < slotBytes) throw new Error(`data key ${id} is missing`)
  switch (slotState(slot)) {
    case 'erased':
      return null
    case 'damaged':
      throw new Error(`data key ${id} is damaged`)
    case 'present':
      return createSecretKey(Buffer.from(await keys.unwrap(slot.subarray(8, 8 + slot.readUInt32LE(4)))))
  }
}

/** Makes everything sealed with that key unreadable, here and for whoever holds the key-encryption key. */
export async function eraseDataKey(disk: Pick<Disk, 'write'>, id: number): Promise<void> {
  const { name, at } = slotOf(id)
  await disk.write(name, at, Buffer.alloc(slotBytes))
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

export function keyFileName(file: number): string {
  return `${String(file).padStart(10, '0')}.keys`
}
