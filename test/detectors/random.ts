/** Numbers that are the same in each run (mulberry32). */
export interface Random {
  below(limit: number): number
  pick<T>(choices: readonly [T, ...T[]]): T
  /** Text of so many characters of the alphabet. */
  text(length: number, alphabet: string): string
}

export const decimal = '0123456789'
export const hexadecimal = '0123456789abcdef'
export const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

export function random(seed: number): Random {
  let state = seed
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
  return {
    below,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
    text: (length, alphabet) =>
      Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join(''),
  }
}
