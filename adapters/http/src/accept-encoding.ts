import type { Coding } from '@sluice/masking'

/**
 * Whether a caller who sent that `Accept-Encoding` wants to be answered in a coding (RFC 9110 §12.5.3). Who sent none may
 * not know any, and what cannot be read is no wish.
 */
export function accepts(header: string | null, coding: Coding): boolean {
  const wishes = (header ?? '').split(',').map(wishOf)
  const own = wishes.find(({ name }) => name === coding || name === `x-${coding}`)
  return (own ?? wishes.find(({ name }) => name === '*'))?.wanted ?? false
}

interface Wish {
  readonly name: string
  readonly wanted: boolean
}

function wishOf(item: string): Wish {
  const [, name = '', weight = '1'] = wish.exec(item.toLowerCase()) ?? []
  return { name, wanted: Number(weight) > 0 }
}

const wish = /^\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/
