import type { Refusal } from '@sluice/core'

/** With the place in the text where the server would say that it is: in characters from 1; 0 for nowhere. */
export function positioned(refusal: Refusal, position: number): Refusal {
  return position > 0 ? { ...refusal, position } : refusal
}

/** The position of what a parse tree gives in bytes from the beginning of its text in UTF-8; 0 for what has no place. */
export function positionOf(location: number, text: Uint8Array): number {
  if (location <= 0 || location > text.length) return 0
  let characters = 1
  for (const byte of text.subarray(0, location)) if ((byte & 0xc0) !== 0x80) characters += 1
  return characters
}
