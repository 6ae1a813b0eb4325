import type { FastifyPluginAsync } from 'fastify'
import type { Identity, MintedPasswords } from '@sluice/core'
import { isoTime } from './iso-time.ts'
import { callerAs, type RolePorts } from './roles.ts'
import {
  answers,
  count,
  list,
  nullable,
  object,
  options,
  oneOf,
  short,
  text,
  time,
  type RouteSchema,
} from './schema.ts'
import { sessionsLastMax, type SessionRecords } from './session-records.ts'

/** Somebody who showed a token, or has a session. */
export interface SubjectLine {
  readonly subject: string
  /** `null`: this gateway has not seen them itself. */
  readonly type: 'human' | 'service' | null
  readonly groups: readonly string[] | null
  readonly on_behalf_of: string | null
  /** When they showed a token here last, or opened a session anywhere. */
  readonly seen_at: string
  /** Of the token that they showed here last. */
  readonly token: string | null
  readonly token_expires_at: string | null
  /** Open ones, at all gateways of the log. */
  readonly sessions: number
  /** Ids of minted passwords that live. */
  readonly passwords: readonly string[]
}

/** Who showed a proof at this gateway. `at`: milliseconds since 1970. */
export interface SeenSubject {
  readonly identity: Identity
  readonly at: number
}

interface SubjectPorts extends RolePorts {
  /** Who was seen last comes first. */
  readonly seen: () => readonly SeenSubject[]
  readonly records: Pick<SessionRecords, 'list'>
  readonly passwords: Pick<MintedPasswords, 'list'>
}

interface SubjectsRequest {
  readonly Querystring: { readonly text?: string; readonly last: number }
}

const schema: RouteSchema = {
  summary:
    'Who was seen lately, by which token, in which groups, and what lives by it; who was last comes first',
  querystring: options({
    text: { ...short, description: 'In the id of the subject or a group.' },
    last: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
  }),
  response: answers(
    list(
      object({
        subject: text,
        type: nullable(oneOf('human', 'service')),
        groups: nullable(list(text)),
        on_behalf_of: nullable(text),
        seen_at: time,
        token: nullable(text),
        token_expires_at: nullable(time),
        sessions: count,
        passwords: list(text),
      }),
    ),
    403,
  ),
}

/** GET /v1/subjects, for admins and auditors. */
export function subjects(ports: SubjectPorts): FastifyPluginAsync {
  return async (app) => {
    app.get<SubjectsRequest>('/v1/subjects', { schema }, async (request) => {
      await callerAs(request, ports, 'admin', 'auditor')
      const { text: sought = '', last } = request.query
      const wanted = sought.toLowerCase()
      return subjectLines(ports)
        .filter(({ subject, groups }) =>
          [subject, ...(groups ?? [])].some((one) => one.toLowerCase().includes(wanted)),
        )
        .slice(0, last)
    })
  }
}

type Known = Omit<SubjectLine, 'seen_at'> & { readonly seenMs: number }

function subjectLines({ seen, records, passwords }: SubjectPorts): readonly SubjectLine[] {
  const known = new Map<string, Known>()
  for (const { identity, at } of seen()) known.set(identity.subject.id, ofIdentity(identity, at))
  for (const { subject, on_behalf_of, opened_ms: openedMs } of records.list({
    state: 'open',
    last: sessionsLastMax,
  })) {
    const before = known.get(subject) ?? { ...nobody, subject, on_behalf_of }
    known.set(subject, {
      ...before,
      seenMs: Math.max(before.seenMs, openedMs),
      sessions: before.sessions + 1,
    })
  }
  for (const { subject, tokenId } of passwords.list()) {
    const before = known.get(subject.id)
    if (before !== undefined) known.set(subject.id, { ...before, passwords: [...before.passwords, tokenId] })
  }
  return [...known.values()]
    .toSorted((one, two) => two.seenMs - one.seenMs)
    .map(({ seenMs, ...line }) => ({ ...line, seen_at: isoTime(seenMs) }))
}

const nobody = {
  type: null,
  groups: null,
  seenMs: 0,
  token: null,
  token_expires_at: null,
  sessions: 0,
  passwords: [],
} as const

function ofIdentity({ subject, tokenId, expiresAt }: Identity, at: number): Known {
  const { id, type, groups, on_behalf_of } = subject
  return {
    ...nobody,
    subject: id,
    type,
    groups,
    on_behalf_of,
    seenMs: at,
    token: tokenId,
    token_expires_at: isoTime(expiresAt),
  }
}
