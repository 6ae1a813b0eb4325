import type { FastifyPluginAsync } from 'fastify'
import type { IssuerState } from '@sluice/identity'
import { isoTime } from './iso-time.ts'
import { callerAs, type RolePorts } from './roles.ts'
import {
  answers,
  count,
  flag,
  list,
  nullable,
  object,
  oneOf,
  text,
  time,
  type RouteSchema,
} from './schema.ts'

/** An issuer as the gateway that answers has known it since its start. */
export interface IssuerLine {
  readonly name: string
  readonly kind: 'oidc' | 'saml'
  readonly issuer: string
  readonly audience: string
  readonly groups_claim: string | null
  readonly mappings: number
  /** Whether people sign in there at the console. */
  readonly console: boolean
  /** `null`: they are in the configuration. `read_at: null`: nobody needed them yet. */
  readonly keys: {
    readonly read_at: string | null
    readonly count: number
    readonly trouble: string | null
  } | null
  readonly accepted: number
  readonly accepted_at: string | null
  readonly refused: number
  readonly last_refusal: { readonly at: string; readonly rule: string } | null
  readonly refusals: readonly { readonly rule: string; readonly count: number }[]
}

interface IssuerPorts extends RolePorts {
  readonly issuers: () => readonly IssuerState[]
}

const schema: RouteSchema = {
  summary: 'Who vouches for callers, and what became of their tokens at the gateway that answers',
  response: answers(
    list(
      object({
        name: text,
        kind: oneOf('oidc', 'saml'),
        issuer: text,
        audience: text,
        groups_claim: nullable(text),
        mappings: count,
        console: flag,
        keys: nullable(object({ read_at: nullable(time), count, trouble: nullable(text) })),
        accepted: count,
        accepted_at: nullable(time),
        refused: count,
        last_refusal: nullable(object({ at: time, rule: text })),
        refusals: list(object({ rule: text, count })),
      }),
    ),
    403,
  ),
}

/** GET /v1/issuers, for who runs it or looks into it. */
export function issuers(ports: IssuerPorts): FastifyPluginAsync {
  return async (app) => {
    app.get('/v1/issuers', { schema }, async (request) => {
      await callerAs(request, ports, 'admin', 'auditor')
      return ports.issuers().map(lineOf)
    })
  }
}

function lineOf({ groupsClaim, keys, tally, ...issuer }: IssuerState): IssuerLine {
  const { accepted, acceptedMs, refused, lastRefusal, reasons } = tally
  return {
    ...issuer,
    groups_claim: groupsClaim,
    keys: keys === null ? null : { ...keysLine(keys) },
    accepted,
    accepted_at: isoTimeOr(acceptedMs),
    refused,
    last_refusal: lastRefusal === null ? null : { at: isoTime(lastRefusal.atMs), rule: lastRefusal.rule },
    refusals: reasons.map(([rule, times]) => ({ rule, count: times })),
  }
}

function keysLine({ readMs, count: keys, trouble }: NonNullable<IssuerState['keys']>) {
  return { read_at: isoTimeOr(readMs), count: keys, trouble }
}

function isoTimeOr(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms)
}
