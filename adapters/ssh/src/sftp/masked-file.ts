import type { MaskCount } from '@sluice/core'
import { refusal, Refused } from '@sluice/core'
import { Undecodable, type ContentMasker } from '@sluice/masking'
import { Fields, text, u32, u64 } from '../wire.ts'
import type { Link } from './link.ts'
import { statuses, types } from './packet.ts'

/** A masked file is read as a whole before any of it is shown, since callers read where and in what order they like. */
export const maskedFileBytesMax: number = 8 * 1024 * 1024
const pieceBytes = 32 * 1024

export interface MaskedFile {
  readonly bytes: Buffer
  readonly masked: readonly MaskCount[]
}

/** Reads a file of the target to its end and masks it as one text. Rejects with `Refused` what is none, or too large. */
export async function maskedFile(link: Link, handle: Buffer, masker: ContentMasker): Promise<MaskedFile> {
  const pieces: Buffer[] = []
  const masked: MaskCount[] = []
  try {
    let offset = 0
    for (;;) {
      const piece = await pieceAt(link, handle, offset)
      if (piece === undefined) break
      offset += piece.length
      if (offset > maskedFileBytesMax) throw new Refused(tooLarge)
      const shown = masker.push(piece)
      pieces.push(Buffer.from(shown.bytes))
      masked.push(...shown.masked)
    }
    const last = masker.end()
    return { bytes: Buffer.concat([...pieces, last.bytes]), masked: [...masked, ...last.masked] }
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error
    throw new Refused(noText(error.message))
  }
}

/** `undefined` at the end of the file. */
async function pieceAt(link: Link, handle: Buffer, offset: number): Promise<Buffer | undefined> {
  const { type, fields } = await link.ask(types.read, text(handle), u64(BigInt(offset)), u32(pieceBytes))
  const reader = new Fields(fields)
  if (type === types.data) {
    const piece = reader.string()
    return piece.length === 0 ? undefined : piece
  }
  if (type === types.status && reader.u32() === statuses.eof) return undefined
  throw new Refused(unread)
}

const tooLarge = refusal(
  'too_large',
  'ssh/masked_file',
  `This file is masked here, and files of more than ${maskedFileBytesMax} bytes cannot be.`,
)
const unread = refusal(
  'target_unreachable',
  'ssh/masked_file',
  'The target did not let the file be read to its end.',
)

function noText(why: string) {
  return refusal(
    'denied',
    'ssh/masked_file',
    `This file is masked here, and cannot be read as a text: ${why}.`,
  )
}
