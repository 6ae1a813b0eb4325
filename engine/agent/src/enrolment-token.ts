import { randomBytes } from 'node:crypto'
import { fingerprintOf } from './fingerprint.ts'

/** What an administrator hands to whoever starts an agent: it works once. */
export interface EnrolmentToken {
  /** The agent that it makes. */
  readonly agent: string
  readonly secret: string
  /** Of the authority that signs the certificates of the gateways. */
  readonly pin: string
}

const prefix = 'slua_'
const secretBytes = 32

export function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url')
}

/** What the log says of a secret, which nobody guesses from it. */
export function secretFingerprint(secret: string): string {
  return fingerprintOf(secret)
}

export function tokenText({ agent, secret, pin }: EnrolmentToken): string {
  return `${prefix}${agent}.${secret}.${pin}`
}

/** `null` for what is none. */
export function tokenFrom(text: string): EnrolmentToken | null {
  const [, agent, secret, pin] = /^slua_(agt_[0-9A-Z]{26})\.([\w-]{43})\.([\w-]{43})$/.exec(text.trim()) ?? []
  return agent === undefined || secret === undefined || pin === undefined ? null : { agent, secret, pin }
}
