import type { Shows } from './case.ts'
import type { Guard, Laboratory } from './laboratory.ts'

/** A way around a policy that needs more than SQL: what is sent, byte for byte, under the starter policy. */
export interface WireCase {
  readonly id: string
  readonly title: string
  readonly stake: string
  readonly attacks: readonly WireAttack[]
}

export interface WireAttack {
  readonly name: string
  /** Further startup parameters, and the version asked for. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly protocol?: number
  /** `mark` stands in everything that must not reach the database. */
  readonly script: (mark: string) => readonly Step[]
  readonly shows: Shows
  readonly through: WireThrough
}

/** Bytes, and how far to wait for the answer before the next ones. */
export interface Step {
  readonly send: Uint8Array
  readonly until: Until
}

export type Until =
  | { readonly kind: 'ready'; readonly times: number }
  | { readonly kind: 'types'; readonly pattern: RegExp }
  /** The server hangs up. */
  | { readonly kind: 'end' }
  /** The client does, without a word. */
  | { readonly kind: 'leave' }

export function ask(...bytes: readonly Uint8Array[]): Step {
  return { send: Buffer.concat(bytes), until: { kind: 'ready', times: 1 } }
}

export function ready(times: number, ...bytes: readonly Uint8Array[]): Step {
  return { send: Buffer.concat(bytes), until: { kind: 'ready', times } }
}

export function types(pattern: RegExp, ...bytes: readonly Uint8Array[]): Step {
  return { send: Buffer.concat(bytes), until: { kind: 'types', pattern } }
}

export function end(...bytes: readonly Uint8Array[]): Step {
  return { send: Buffer.concat(bytes), until: { kind: 'end' } }
}

export function leave(...bytes: readonly Uint8Array[]): Step {
  return { send: Buffer.concat(bytes), until: { kind: 'leave' } }
}

/** What a correct gateway answers. */
export interface WireThrough {
  /** Codes that its errors may have; each of its errors has one of them. None when there must be no error. */
  readonly codes: readonly string[]
  /** The letters of the messages to the script. */
  readonly types?: RegExp
  /** The letters of the messages at the login, when that is part of the case. */
  readonly greeting?: RegExp
  /** The connection is over, instead of being good for more. */
  readonly ends?: true
  /** An ordinary statement of it changes rows. */
  readonly changes?: true
  readonly says?: RegExp
  /** Each matches an event that the log has of it, as JSON. */
  readonly recorded?: readonly RegExp[]
}

/** A way around a policy that is a story with several parties. */
export interface Scenario {
  readonly id: string
  readonly title: string
  readonly stake: string
  /** The story on the plain server, or why it cannot be told there. */
  readonly plain: string | ((lab: Laboratory) => Promise<void>)
  readonly through: (lab: Laboratory, guard: Guard) => Promise<void>
}
