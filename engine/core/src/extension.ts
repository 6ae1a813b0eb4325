import { notGoodAt } from './confinement.ts'
import { refusal, type Refusal } from './errors.ts'
import { isSameCaller } from './people.ts'
import type { Client, Identity, Subject, TargetView } from './request.ts'

/** A session that is to go on under another token. */
export interface Extended {
  readonly subject: Subject
  readonly target: Pick<TargetView, 'name'>
  readonly client: Pick<Client, 'ip'>
}

/**
 * Why this token does not carry it on; `undefined`: it may. It is of the same subject, acting for the same person if any,
 * and opens nothing here that it could not have opened itself.
 */
export function extensionObjection(identity: Identity, session: Extended): Refusal | undefined {
  if (!isSameCaller(identity.subject, session.subject)) return otherSubject
  return notGoodAt(identity.confined, { target: session.target.name, ip: session.client.ip })
}

const otherSubject = refusal('token_refused', 'identity/other_subject', 'This token is of another subject.')

/** Whoever has two tokens could have the log filled with their turns. */
export const extendedTooOften: Refusal = refusal(
  'too_many',
  'sluice/extensions',
  'This session was extended too often: one token is enough for minutes. Try again later.',
)
