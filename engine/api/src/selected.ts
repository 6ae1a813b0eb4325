import type { Selector } from '@sluice/core'
import { options, reason, type JsonSchema } from './schema.ts'

/** Whose sessions are meant: exactly one of these. */
export interface Selected {
  readonly session?: string
  /** A subject id. */
  readonly subject?: string
  /** `name=value`, of targets. */
  readonly label?: string
}

/** A body that selects sessions and says why. */
export const selectedBody: JsonSchema = {
  ...options({
    session: { type: 'string', pattern: '^ses_[0-9A-Z]{26}$' },
    subject: { type: 'string', minLength: 1, maxLength: 1_000 },
    label: { type: 'string', pattern: '^[^=]+=.*$', maxLength: 200 },
    reason,
  }),
  required: ['reason'],
  oneOf: [{ required: ['session'] }, { required: ['subject'] }, { required: ['label'] }],
}

export function selectorOf({ session, subject, label = '' }: Selected): Selector {
  if (session !== undefined) return { kind: 'session', session }
  if (subject !== undefined) return { kind: 'subject', subject: subject.toWellFormed() }
  const [name = '', ...value] = label.toWellFormed().split('=')
  return { kind: 'label', name, value: value.join('=') }
}
