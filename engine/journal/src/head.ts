import { crc32 } from 'node:zlib'
import type { Clock } from '@sluice/core'
import { hashBytes } from './chain.ts'
import type { Report } from './data-keys.ts'
import { readWhole, type Disk } from './disk.ts'
import { verifySignature, type Signer } from './keys.ts'

/**
 * How far the log is durable, signed: what a cut tail is compared with. Two slots are written in turn, so that one
 * of them is whole at any moment; closing writes both. Little endian, each slot in a page of its own:
 *
 *       0   8  magic
 *       8   4  CRC-32 of byte 12 to the end of the slot
 *      12   4  closed: 1 when the last incarnation ended as it should
 *      16   8  generation: one more at each write
 *      24   8  events in the log
 *      32  32  link that its next frame must carry
 *      64  64  signature, Ed25519, of bytes 12 to 64
 */
export const headName = 'head'
const slotBytes = 128
const slotsAt = [0, 4096] as const
const headBytes = 8192
const magic = Buffer.from('SLUICEHD', 'latin1')

export interface Head {
  readonly generation: number
  readonly events: number
  readonly link: Uint8Array
  readonly closed: boolean
}

export interface StoredHead extends Head {
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

export interface ReadHead {
  /** The newest whole slot. */
  readonly newest: StoredHead | null
  /** Offsets of what is not whole. */
  readonly damaged: readonly number[]
  /** Both slots say the same, as after closing. */
  readonly agreed: boolean
}

/** `null` when there is no such file. */
export async function readHead(disk: Pick<Disk, 'read'>): Promise<ReadHead | null> {
  const content = await readWhole(disk, headName, headBytes + 1)
  if (content === null) return null
  const slots = slotsAt.map((at) => decodeSlot(content.subarray(at, at + slotBytes)))
  const whole = slots.filter((slot) => slot !== null)
  const [a, b] = whole
  const stray = content.findIndex((byte, at) => byte !== 0 && at % slotsAt[1] >= slotBytes)
  return {
    newest: whole.toSorted((one, other) => other.generation - one.generation)[0] ?? null,
    damaged: [...slotsAt.filter((_, index) => slots[index] === null), ...(stray < 0 ? [] : [stray])],
    agreed: a !== undefined && b !== undefined && a.signed.toString() === b.signed.toString(),
  }
}

export function isSignedBy({ signed, signature }: StoredHead, publicKey: Uint8Array): boolean {
  return verifySignature(publicKey, signed, signature)
}

export interface HeadPorts {
  readonly disk: Disk
  readonly signer: Signer
  readonly clock: Clock
  readonly report: Report
  /** Called with each that was written. */
  readonly written?: (head: Head) => void
}

/** The head is behind the log by at most this. */
const headMs = 500

/** Writes the head beside the log, at its own pace. */
export class HeadFile {
  readonly #ports: HeadPorts
  #generation: number
  #events = 0
  #latest: Pick<Head, 'events' | 'link'> | undefined
  #timer: Disposable | undefined
  #writing: Promise<void> | undefined
  #failing = false
  #stopped = false

  constructor(ports: HeadPorts, generation: number) {
    this.#ports = ports
    this.#generation = generation
  }

  /** Events that the head on disk tells of. */
  get events(): number {
    return this.#events
  }

  /** A fresh log says so before it has any segment. */
  async create(link: Uint8Array): Promise<void> {
    await this.#ports.disk.allocate(headName, headBytes, 'taken')
    await this.#both({ events: 0, link, closed: false })
  }

  /** Before an incarnation writes its first frame: from here on the log may be ahead. */
  async open(at: Pick<Head, 'events' | 'link'>): Promise<void> {
    await this.#both({ ...at, closed: false })
  }

  /** Call after each flush. */
  note(at: Pick<Head, 'events' | 'link'>): void {
    this.#latest = at
    if (this.#stopped) return
    this.#timer ??= this.#ports.clock.after(headMs, () => {
      this.#writing = this.#write(at)
    })
  }

  /** The log ends here. */
  async close(at: Pick<Head, 'events' | 'link'>): Promise<void> {
    this.stop()
    await this.#writing
    await this.#both({ ...at, closed: true })
  }

  /** What was written last stays. */
  stop(): void {
    this.#stopped = true
    this.#timer?.[Symbol.dispose]()
  }

  /** Writes the newest; what was noted or failed meanwhile is the next one's. */
  async #write(noted: Pick<Head, 'events' | 'link'>): Promise<void> {
    const latest = this.#latest ?? noted
    this.#latest = undefined
    try {
      await this.#slot({ ...latest, closed: false })
      this.#failing = false
    } catch (error) {
      if (!this.#failing) this.#ports.report('the head of the log could not be written; trying again', error)
      this.#failing = true
      this.#latest ??= latest
    }
    this.#timer = undefined
    if (this.#latest !== undefined) this.note(this.#latest)
  }

  async #both(head: Omit<Head, 'generation'>): Promise<void> {
    const generation = ++this.#generation
    for (const at of slotsAt)
      await this.#ports.disk.write(headName, at, this.#encode({ ...head, generation }))
    this.#events = head.events
    this.#ports.written?.({ ...head, generation })
  }

  async #slot(head: Omit<Head, 'generation'>): Promise<void> {
    const generation = ++this.#generation
    await this.#ports.disk.write(
      headName,
      slotsAt[generation % 2 === 0 ? 0 : 1],
      this.#encode({ ...head, generation }),
    )
    this.#events = head.events
    this.#ports.written?.({ ...head, generation })
  }

  #encode(head: Head): Buffer {
    const slot = Buffer.alloc(slotBytes)
    magic.copy(slot, 0)
    slot.writeUInt32LE(head.closed ? 1 : 0, 12)
    slot.writeBigUInt64LE(BigInt(head.generation), 16)
    slot.writeBigUInt64LE(BigInt(head.events), 24)
    slot.set(head.link, 32)
    slot.set(this.#ports.signer.sign(slot.subarray(12, 64)), 64)
    slot.writeUInt32LE(crc32(slot.subarray(12)), 8)
    return slot
  }
}

function decodeSlot(slot: Buffer): StoredHead | null {
  if (slot.length < slotBytes || !slot.subarray(0, 8).equals(magic)) return null
  if (crc32(slot.subarray(12)) !== slot.readUInt32LE(8)) return null
  return {
    closed: slot.readUInt32LE(12) === 1,
    generation: Number(slot.readBigUInt64LE(16)),
    events: Number(slot.readBigUInt64LE(24)),
    link: Buffer.from(slot.subarray(32, 32 + hashBytes)),
    signed: Buffer.from(slot.subarray(12, 64)),
    signature: Buffer.from(slot.subarray(64)),
  }
}
