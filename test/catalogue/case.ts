import type { DemoSubject } from '@sluice/demo'
import type { Login } from '../src/index.ts'

/** SQL, or SQL that names the database server itself. */
export type Text = string | ((at: Login) => string)

/** One numbered way around a policy. The numbers are those of the adversarial catalogue. */
export interface SqlCase {
  readonly id: string
  readonly title: string
  /** What the attacker has when it gets through. */
  readonly stake: string
  /** As whom it is tried under the starter policy; under the open one a single subject says it all. */
  readonly as?: readonly DemoSubject[]
  readonly policies?: readonly PolicyName[]
  readonly attacks: readonly SqlAttack[]
}

/**
 * `starter`: the policies that come with Sluice. `open`: everything is allowed and a few columns are masked, so that
 * what is refused is refused by the closed world of the adapter, whatever a policy forgets.
 * `waiting` is `starter` with callers that wait for people; under `starter` itself they are told at once to come back.
 */
export type PolicyName = 'starter' | 'open' | 'waiting'

export interface SqlAttack {
  /** Statements that prepare it and are ordinary: Sluice must let each of them pass. */
  readonly before?: readonly string[]
  /** The attack, one message after another. Sluice must give each of them the treatment of `through`. */
  readonly sql: Text | readonly Text[]
  readonly shows: Shows
  /** Refused with 42501 when it is not given. */
  readonly through?: Through
  readonly policies?: readonly PolicyName[]
  readonly as?: readonly DemoSubject[]
  /** Both protocols when it is not given. */
  readonly only?: 'simple' | 'extended'
  /** Said behind the attack. On the plain server it does the harm; through Sluice it is only what it says. */
  readonly behind?: string
  /** An approver would be asked: its Parse may pass, since nothing happens yet, but no more of it. */
  readonly held?: true
  /** Does not work in a transaction, in which the plain half runs what changes something. */
  readonly alone?: true
  /** Format codes of the result columns, in the extended protocol. */
  readonly results?: readonly number[]
  /** Executed again and again for this many rows, in the extended protocol. */
  readonly rowsPerPage?: number
  /** Another session is open, with the application name `bystander`. */
  readonly bystander?: true
  /** Puts back what belongs to the whole server, after the plain half. */
  readonly after?: readonly string[]
}

/** How the attack is seen to succeed on the server without Sluice. */
export type Shows =
  /** A secret is in what the client got, in whatever form. */
  | { readonly kind: 'leak' }
  /** The first cell is what this query over the known secret gives. */
  | { readonly kind: 'same'; readonly as: string }
  /** What the client got reads like this. */
  | { readonly kind: 'answer'; readonly pattern: RegExp }
  /** Something in the database or at the server is not as it was. */
  | { readonly kind: 'change' }
  | CannotShow

export interface CannotShow {
  readonly kind: 'cannotShow'
  readonly reason: string
}

/** What a correct gateway does. In no case does a secret reach the client; only `changing` may change anything. */
export type Through =
  /** An error with one of these codes, and nothing of the statement upstream. */
  | { readonly kind: 'refused'; readonly codes: readonly string[] }
  /** An answer that reads like this instead. */
  | { readonly kind: 'masked'; readonly pattern: RegExp }
  /** Masked like this, or refused: either keeps the secret. */
  | { readonly kind: 'hidden'; readonly pattern: RegExp }
  /** Masked where the policy has expressions masked, refused where it does not. */
  | { readonly kind: 'expression' }
  /** The same as masked, of a statement that may change rows. */
  | { readonly kind: 'changing'; readonly pattern: RegExp }
  /** The server's own error, with its words withheld. */
  | { readonly kind: 'failed'; readonly code: string }

export const leak: Shows = { kind: 'leak' }
export const change: Shows = { kind: 'change' }

export function same(as: string): Shows {
  return { kind: 'same', as }
}

export function answer(pattern: RegExp): Shows {
  return { kind: 'answer', pattern }
}

export function cannotShow(reason: string): CannotShow {
  return { kind: 'cannotShow', reason }
}

export function refused(...codes: readonly string[]): Through {
  return { kind: 'refused', codes }
}

const lastFour = /\*\*\*-\*\*-4835/

export function masked(pattern: RegExp = lastFour): Through {
  return { kind: 'masked', pattern }
}

export const hidden: Through = { kind: 'hidden', pattern: lastFour }

export function changing(pattern: RegExp = lastFour): Through {
  return { kind: 'changing', pattern }
}

export function failed(code: string): Through {
  return { kind: 'failed', code }
}

/** Several statements that share everything else. */
export function each(texts: readonly Text[], rest: Omit<SqlAttack, 'sql'>): readonly SqlAttack[] {
  return texts.map((sql) => ({ ...rest, sql }))
}
