/** How characters stand for bytes. */
export interface Alphabet {
  readonly name: 'base64' | 'hex'
  /** Bits that one character stands for. */
  readonly bitsEach: 4 | 6
  /** So many characters are whole bytes. */
  readonly group: 2 | 4
  /** Of each character below U+0080. */
  readonly values: Uint8Array
  /** Those from it on also stand between words and in paths: behind one another text may begin. */
  readonly divides: number
}

/** Of a character that is none of them. */
export const noValue = 0xff

export function valueOf({ values }: Alphabet, unit: number): number {
  return unit < 0x80 ? (values[unit] ?? noValue) : noValue
}

/** The signs for URLs among them (RFC 4648 §5). */
const base64: Alphabet = {
  name: 'base64',
  bitsEach: 6,
  group: 4,
  values: table('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', '-_', 62),
  divides: 62,
}

const hexadecimal: Alphabet = {
  name: 'hex',
  bitsEach: 4,
  group: 2,
  values: table('0123456789abcdef', 'ABCDEF', 10),
  divides: noValue,
}

/** The first has the characters of all others. */
export const alphabets: readonly Alphabet[] = [base64, hexadecimal]

/** The values of characters, and of others that mean the same from one value on. */
function table(characters: string, others: string, from: number): Uint8Array {
  const values = new Uint8Array(128).fill(noValue)
  for (const [value, character] of [...characters].entries()) values[character.charCodeAt(0)] = value
  for (const [value, character] of [...others].entries()) values[character.charCodeAt(0)] = from + value
  return values
}
