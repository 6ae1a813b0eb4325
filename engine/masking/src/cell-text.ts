import { isUtf8 } from 'node:buffer'
import type { Pseudonyms } from '@sluice/core/verdict'
import { bytea } from './bytes.ts'
import type { CellLook } from './cell-look.ts'
import { Undecodable } from './data-type.ts'
import { replacementOf, type InPlace } from './replacement.ts'
import type { MaskRequest, Replacement } from './replacer.ts'
import { texts } from './types.ts'

/** A value as the text that it shows; nothing for bytes that are no text. */
export function textOf(bytes: Buffer, { as, format }: CellLook): string {
  if (as !== 'bytes') return bytes.toString()
  const value = bytea.decode(bytes, format)
  return isUtf8(value) ? value.toString() : ''
}

export function bytesOf(text: string, { as, format }: CellLook): Buffer {
  const bytes = Buffer.from(text)
  return as === 'bytes' ? bytea.encode(bytes, format) : bytes
}

/** Throws `Undecodable`. */
export function numberText(bytes: Buffer, { type, format }: CellLook): string {
  return format === 'binary' ? texts[type.element](bytes) : bytes.toString('latin1')
}

interface NumberMask {
  readonly method: string
  readonly replace: (value: Buffer) => Buffer
}

/** What becomes of a whole number: another one of its type, 0 where the request has none. */
export function numberMask(
  request: MaskRequest,
  { type: { element }, format }: CellLook,
  pseudonyms: Pseudonyms | undefined,
): NumberMask {
  const found = request.method === 'null' ? zero : request
  const alone = { element, array: false }
  const mask =
    usable(replacementOf(alone, found, format, pseudonyms)) ??
    usable(replacementOf(alone, zero, format, pseudonyms))
  if (mask === undefined) throw new Undecodable(element)
  return mask
}

const zero: MaskRequest = { method: 'redact' }

function usable(found: Replacement | InPlace): NumberMask | undefined {
  switch (found.kind) {
    case 'fixed':
      return { method: found.method, replace: () => found.bytes }
    case 'computed':
      return found
    case 'in_place':
    case 'invalid':
      return undefined
  }
}
