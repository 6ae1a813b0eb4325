import { timingSafeEqual } from 'node:crypto'

/** Takes as long for a wrong one of the same length, however much of it is right. */
export function isSameSecret(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
