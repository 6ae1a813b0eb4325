import type { Refusal } from '@sluice/core'
import { statusPacket, type Packet } from './packet.ts'

/** A refusal is one status: whoever asks reads its text, and nothing else. */
export function refused(id: number, { message, link }: Refusal): Packet {
  return statusPacket(id, 'permission_denied', `sluice: ${message}${link === undefined ? '' : ` ${link}`}`)
}
