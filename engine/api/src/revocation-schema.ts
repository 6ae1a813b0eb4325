import {
  answers,
  list,
  nullable,
  object,
  oneOf,
  options,
  reason,
  text,
  time,
  type RouteSchema,
} from './schema.ts'

const line = object({
  of: oneOf('token', 'subject'),
  token: nullable(text),
  subject: nullable(text),
  revoked_at: time,
  issued_up_to: nullable(time),
  until: time,
  by: text,
  reason: text,
})

export const listSchema: RouteSchema = {
  summary: 'Revocations that may still concern a token: everybody’s for admins and auditors, else one’s own',
  response: answers(list(line)),
}

export const revokeSchema: RouteSchema = {
  summary: 'Revoke a token, or all tokens of a subject up to now, at every gateway of the log and at once',
  description:
    'One of `token` (its id: `tok_…` of a gateway, `<issuer>#<jti>` of a provider, `pwd_…` of a password), `subject` (`<issuer>#<sub>`) and `mine` (`this`: the token of this request, `all`: whatever was issued to its subject). Sessions that live by it end, with what runs and waits in them. Clocks differ, so a subject has no good token for a minute.',
  body: {
    ...options({
      token: { type: 'string', maxLength: 400, pattern: '^((tok|pwd)_[0-9A-HJKMNP-TV-Z]{26}|[^#]+#.+)$' },
      subject: { type: 'string', maxLength: 400, pattern: '^[^#]+#.+$' },
      mine: oneOf('this', 'all'),
      reason: { ...reason, minLength: 1 },
    }),
    required: ['reason'],
    oneOf: [{ required: ['token'] }, { required: ['subject'] }, { required: ['mine'] }],
  },
  response: answers(line, 403, 503),
}
