import type { MaskMethod } from '@sluice/core'

/** A mask that writes over a value where it lies: the length in bytes never changes. */
export type InPlaceMethod = Extract<MaskMethod, 'last4' | 'email' | 'stars'>

const star = 0x2a
const at = 0x40

/** What `redact` puts in the place of a text. */
export const redacted = '[masked]'

export function isInPlace(method: MaskMethod): method is InPlaceMethod {
  return method === 'last4' || method === 'email' || method === 'stars'
}

/**
 * Masks the UTF-8 text in `bytes[start, end)`. A multi-byte character is either kept whole or every byte of it
 * becomes a star, so the result is always valid UTF-8 of the same length.
 */
export function maskInPlace(method: InPlaceMethod, bytes: Uint8Array, start: number, end: number): void {
  switch (method) {
    case 'stars':
      bytes.fill(star, start, end)
      return
    case 'last4':
      keepLastFour(bytes, start, end)
      return
    case 'email':
      keepFirstAndDomain(bytes, start, end)
      return
  }
}

/** Letters, digits and every non-ASCII byte; separators stay, so `123-45-6789` becomes `***-**-6789`. */
function isContent(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte >= 0x80
  )
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

/** Keeps the last four characters, but never more than half of them: a short value must not pass as it is. */
function keepLastFour(bytes: Uint8Array, start: number, end: number): void {
  let characters = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (isContent(byte) && !isContinuation(byte)) characters++
  }
  let keep = Math.min(4, characters >> 1)
  for (let i = end - 1; i >= start; i--) {
    const byte = bytes[i] ?? 0
    if (!isContent(byte)) continue
    if (keep === 0) bytes[i] = star
    else if (!isContinuation(byte)) keep--
  }
}

/** `ann@example.com` becomes `a**@example.com`; what is no address becomes stars. */
function keepFirstAndDomain(bytes: Uint8Array, start: number, end: number): void {
  const sign = bytes.subarray(start, end).lastIndexOf(at)
  const stop = sign < 0 ? end : start + sign
  let from = start
  if (sign > 0) {
    from++
    while (from < stop && isContinuation(bytes[from] ?? 0)) from++
  }
  bytes.fill(star, from < stop ? from : start, stop)
}
