import { createHash } from 'node:crypto'
import { callerOf } from './people.ts'
import type { Subject } from './request.ts'
import type { Approval, Pseudonyms } from './verdict.ts'

/** Everything that an approval is bound to: when any of it changes, the approval is for something else. */
export interface Bound {
  /** Who acts for somebody asks for them: what was approved for one person is not for the next. */
  readonly subject: Pick<Subject, 'id' | 'on_behalf_of'>
  readonly target: string
  /**
   * The adapter's part: the exact bytes of the request, its values with their types and formats, and whatever else
   * decides what they do, e.g. search path, role, and the ids of the relations.
   */
  readonly part: Uint8Array
  /** The holding rule. */
  readonly rule: string
  readonly requirement: Approval
}

/** A change of what is hashed, or how, needs another one. */
const version = 'sluice approval 2'

/**
 * A keyed digest, since the log holds it and a request may hold a secret: whoever reads the log cannot try guesses. It
 * is of the SHA-256 over a canonical encoding: each field, and each member of a list, after its length. How long the caller
 * waits (`hold_s`) is left out, since a retry from another place, where it waits otherwise, is the same request.
 */
export function bindingOf(
  { subject, target, part, rule, requirement }: Bound,
  keyed: Pick<Pseudonyms, 'digest'>,
): Uint8Array {
  const { approvers, quorum, expires_s: expires, scope } = requirement
  const all = digestOf(
    version,
    callerOf(subject),
    target,
    part,
    rule,
    digestOf(...approvers.toSorted()),
    `${quorum}`,
    `${expires}`,
    scope,
  )
  return keyed.digest('binding', Buffer.from(all).toString('hex'))
}

function digestOf(...fields: readonly (string | Uint8Array)[]): Uint8Array {
  const hash = createHash('sha256')
  for (const field of fields) {
    const bytes = typeof field === 'string' ? Buffer.from(field) : field
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(bytes.length))
    hash.update(length).update(bytes)
  }
  return hash.digest()
}
