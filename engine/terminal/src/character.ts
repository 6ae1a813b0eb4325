/** East Asian scripts and pictures, as terminals count them (UAX 11, wide and full width). */
export function isWide(char: string): boolean {
  return /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f9ff}\u{20000}-\u{3fffd}]/u.test(
    char,
  )
}

export function isMark(char: string): boolean {
  return /\p{M}/u.test(char)
}

/** What stands for a grave accent and all behind it in DEC's set of lines and signs. */
const drawing = Array.from('◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·')

export function drawn(char: string): string {
  return drawing[(char.codePointAt(0) ?? 0) - 0x60] ?? char
}
