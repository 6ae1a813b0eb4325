import { cannotShow, type CannotShow } from './case.ts'

/** A way around a policy over HTTP, byte for byte. The numbers are those of the adversarial catalogue. */
export interface HttpCase {
  readonly id: string
  readonly title: string
  readonly stake: string
  readonly attacks: readonly HttpAttack[]
}

export interface HttpAttack {
  readonly name: string
  readonly send: (at: Entrance) => string | Uint8Array
  /** It is answered to HEAD: there is no body. */
  readonly bodiless?: true
  /** The caller says no more, and listens. */
  readonly finishes?: true
  readonly shows: HttpShows
  readonly through: HttpThrough
}

/** Where it is sent to: the API itself, or Sluice in front of it. */
export interface Entrance {
  /** In front of each path. */
  readonly prefix: string
  readonly token: string
  /** The line of the head with the token; empty at the API itself. */
  readonly authorization: string
}

/** How the attack is seen to succeed at the API without Sluice. */
export type HttpShows =
  /** The API does what nobody may ask for. */
  | { readonly kind: 'performs' }
  /** What the client gets, or the API hears, reads like this. */
  | { readonly kind: 'reads'; readonly pattern: RegExp }
  | { readonly kind: 'hears'; readonly pattern: RegExp }
  | CannotShow

/**
 * What a correct gateway does. In no case does the API do what nobody may ask for, or hear the token; nor does the client
 * get a secret, or the credential of the gateway.
 */
export interface HttpThrough {
  /** Statuses that the first answer may have. `cut`: there is none, or it is not whole. */
  readonly statuses: readonly (number | 'cut')[]
  /** What the API hears reads like this; nothing arrives at all when it is `null`. */
  readonly arrives?: RegExp | null
  /** What the API may not hear. */
  readonly never?: RegExp
  readonly says?: RegExp
  /** What the client may not get. */
  readonly silent?: RegExp
}

export const performs: HttpShows = { kind: 'performs' }
export const leaks: HttpShows = { kind: 'reads', pattern: /536-22-8726/ }

export function reads(pattern: RegExp): HttpShows {
  return { kind: 'reads', pattern }
}

export function hears(pattern: RegExp): HttpShows {
  return { kind: 'hears', pattern }
}

/** The API is a program that was not fooled. */
export const notFooled: HttpShows = cannotShow('this API reads it in one way; others do not')

/** Refused with one of these, before anything of it arrives. */
export function refused(...statuses: readonly number[]): HttpThrough {
  return { statuses, arrives: null }
}

/** It arrives without what made it an attack. */
export function disarmed(never: RegExp): HttpThrough {
  return { statuses: [200], never }
}

/** Answered with what is hidden in it. */
export function hidden(says: RegExp): HttpThrough {
  return { statuses: [200], says }
}

/** Nobody gets the answer, since nobody can say what is in it. */
export const withheld: HttpThrough = { statuses: [403, 502, 'cut'] }

export type Fields = readonly (readonly [name: string, value: string])[]

/** A request; `fields` and body as they are given. */
export function ask(
  method: string,
  path: string,
  fields: Fields = [],
  body: string | Uint8Array = '',
): HttpAttack['send'] {
  return (at) => {
    const lines = [['Host', 'gateway.example'] as const, ...fields].map(
      ([name, value]) => `${name}: ${value}\r\n`,
    )
    const head = `${method} ${at.prefix}${path} HTTP/1.1\r\n${lines.join('')}${at.authorization}\r\n`
    return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])
  }
}

/** The same with a body and its length. */
export function post(path: string, body: string | Uint8Array, fields: Fields = []): HttpAttack['send'] {
  return ask('POST', path, [...fields, ['Content-Length', String(Buffer.from(body).length)]], body)
}

/** Several attacks that share everything else. */
export function eachOf(
  sends: Readonly<Record<string, HttpAttack['send']>>,
  rest: Omit<HttpAttack, 'name' | 'send'>,
): readonly HttpAttack[] {
  return Object.entries(sends).map(([name, send]) => ({ name, send, ...rest }))
}

/** By their paths. */
export function paths(
  list: readonly string[],
  rest: Omit<HttpAttack, 'name' | 'send'>,
): readonly HttpAttack[] {
  return eachOf(Object.fromEntries(list.map((path) => [path, ask('GET', path)])), rest)
}
