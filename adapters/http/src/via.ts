import { randomBytes } from 'node:crypto'
import { listed } from './header-fields.ts'
import { malformed } from './objection.ts'
import type { Headers } from './replies.ts'

/** By what a gateway is known in `Via` (RFC 9110 §7.6.3): new at each start, it tells nothing of where that is. */
export function newPseudonym(): string {
  return `sluice-${randomBytes(6).toString('hex')}`
}

/** As gateways of this kind put it there. */
const hop = /^1\.1 (sluice-[0-9a-f]{12})$/

export function hopOf(pseudonym: string): string {
  return `1.1 ${pseudonym}`
}

/** What goes on of a `Via` that came: other gateways of this kind must find themselves. What else is said there, anybody may say. */
export function hopsIn(value: string): Headers {
  const hops = value.split(',').flatMap((each) => hop.exec(each.trim())?.[0] ?? [])
  return hops.length === 0 ? [] : [['via', hops.join(', ')]]
}

/** Throws `Refused` for what has been here before. */
export function refuseLoop(fields: Headers, pseudonym: string): void {
  if (listed(fields, 'via').includes(hopOf(pseudonym)))
    throw malformed(
      'loop',
      'This request came through this gateway before: the address of a target leads back to it. Tell its operator.',
      '508',
    )
}
