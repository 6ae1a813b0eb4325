import { text, u32 } from '../wire.ts'

/**
 * Packets of the SSH File Transfer Protocol, version 3 (draft-ietf-secsh-filexfer-02), as OpenSSH speaks it:
 *
 *     u32 length | u8 type | u32 id | fields
 *
 * INIT and VERSION have a version in the place of the id.
 */
export const types = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
  extended_reply: 201,
} as const

export const statuses = {
  ok: 0,
  eof: 1,
  no_such_file: 2,
  permission_denied: 3,
  failure: 4,
  bad_message: 5,
  connection_lost: 7,
  op_unsupported: 8,
} as const
export type Status = keyof typeof statuses

/** OpenSSH takes no more in one packet either (`SFTP_MAX_MSG_LENGTH`). */
export const packetBytesMax: number = 256 * 1024

export interface Packet {
  readonly type: number
  readonly id: number
  /** What follows the id. */
  readonly fields: Buffer
}

/** The stream is no SFTP, so nothing after this can be understood. */
export class BadPacket extends Error {}

/** Cuts a stream into packets. Holds at most one that is not whole. */
export class PacketCutter {
  #pieces: Buffer[] = []
  #bytes = 0

  /** @throws BadPacket when a length is none. */
  push(chunk: Buffer): readonly Packet[] {
    this.#pieces.push(chunk)
    this.#bytes += chunk.length
    const packets: Packet[] = []
    for (;;) {
      const length = this.#length()
      if (length === undefined || this.#bytes < 4 + length) return packets
      const all = this.#joined()
      packets.push({ type: all.readUInt8(4), id: all.readUInt32BE(5), fields: all.subarray(9, 4 + length) })
      this.#pieces = [all.subarray(4 + length)]
      this.#bytes = all.length - 4 - length
    }
  }

  /** Of the packet that begins here, if its head is there. */
  #length(): number | undefined {
    if (this.#bytes < 4) return undefined
    const length = (
      (this.#pieces[0]?.length ?? 0) < 4 ? this.#joined() : (this.#pieces[0] ?? Buffer.alloc(4))
    ).readUInt32BE(0)
    if (length < 5 || length > packetBytesMax) throw new BadPacket(`a packet of ${length} bytes`)
    return length
  }

  #joined(): Buffer {
    const all = this.#pieces.length === 1 ? (this.#pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#pieces)
    this.#pieces = [all]
    return all
  }
}

export function packetOf({ type, id, fields }: Packet): Buffer {
  const head = Buffer.allocUnsafe(9)
  head.writeUInt32BE(5 + fields.length, 0)
  head.writeUInt8(type, 4)
  head.writeUInt32BE(id, 5)
  return Buffer.concat([head, fields])
}

export function statusPacket(id: number, status: Status, message: string): Packet {
  return { type: types.status, id, fields: Buffer.concat([u32(statuses[status]), text(message), text('')]) }
}
