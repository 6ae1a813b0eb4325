import type { Json } from '@sluice/core'

/** In most languages a token is about so many bytes of UTF-8. */
const tokenBytes = 4

/** For a target that does not say. Too many rather than too few. */
export function tokensOf(textBytes: number): number {
  return Math.ceil(textBytes / tokenBytes)
}

/** Bytes of the texts in a request; files and images in it are not read by bytes. */
export function textBytesIn(value: Json): number {
  if (typeof value === 'string') return isEncoded(value) ? 0 : Buffer.byteLength(value)
  // Prompts and inputs may be tokens already.
  if (typeof value === 'number') return tokenBytes
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, part) => sum + textBytesIn(part), 0)
}

const encodedCharsMin = 1_024

function isEncoded(text: string): boolean {
  return text.length >= encodedCharsMin && /^(?:data:[^,]*,)?[A-Za-z0-9+/_-]+={0,2}$/.test(text)
}
