import { SchemaError, type CredentialNeed, type Schema } from '@sluice/core'
import type { Profile } from './llm/operation.ts'
import { pricesOf, type Prices } from './llm/prices.ts'
import { templatesOf, type Template } from './operations.ts'

/** How the gateway shows its credential to the target; the caller never sees it. */
export type Authentication =
  /** The target asks for none; the caller may bring its own. */
  | { readonly kind: 'none' }
  /** `Authorization: Bearer <password>` (RFC 6750). */
  | { readonly kind: 'bearer' }
  /** `Authorization: Basic`, of user and password (RFC 7617). */
  | { readonly kind: 'basic' }
  /** The password as the value of a header, e.g. `x-api-key`. */
  | { readonly kind: 'header'; readonly name: string }
  /** The password as a parameter of the query. */
  | { readonly kind: 'query'; readonly name: string }
  /** AWS Signature Version 4; the user is the access key's id. */
  | { readonly kind: 'sigv4'; readonly region: string; readonly service: string }

/** What an HTTP target needs beside its address and credential. */
export interface HttpSettings {
  /** `verify-full` checks the chain and the host name. */
  readonly tls: 'disable' | 'verify-full'
  /** PEM of the authority that signed the server's certificate, if it is not a public one. */
  readonly tls_ca: string | null
  readonly authentication: Authentication
  /** Host names by which clients may reach it instead of by the first segment of the path. */
  readonly hosts: readonly string[]
  /** Stands in front of every path at the target, e.g. `/v1`; empty for none. */
  readonly base_path: string
  /** Whether the target takes `/A` and `/a` for the same. */
  readonly case: 'sensitive' | 'insensitive'
  /** Whether `;` in a path means something to the target. */
  readonly path_parameters: boolean
  /** Paths at which GraphQL is spoken; `null`: wherever the last segment is `graphql`. */
  readonly graphql: readonly string[] | null
  /** The paths of the target's OpenAPI document: they name operations, and say what in a path is a value. */
  readonly openapi: readonly Template[]
  /** Request headers that policies see, besides Content-Type and Accept. */
  readonly headers: readonly string[]
  /** The largest body of a request. */
  readonly body_bytes_max: number
  readonly connections_max: number
  readonly connect_timeout_ms: number
  /** How long the target may think before its answer begins, and between two pieces of it. */
  readonly answer_timeout_ms: number
  /** Whose API of language models it speaks; `null`: none that is known. */
  readonly profile: Profile | null
  /** What its models cost. */
  readonly prices: Prices
}

const defaults: HttpSettings = {
  tls: 'verify-full',
  tls_ca: null,
  authentication: { kind: 'bearer' },
  hosts: [],
  base_path: '',
  case: 'sensitive',
  path_parameters: false,
  graphql: null,
  openapi: [],
  headers: [],
  body_bytes_max: 1_048_576,
  connections_max: 64,
  connect_timeout_ms: 10_000,
  answer_timeout_ms: 300_000,
  profile: null,
  prices: [],
}

const bodyBytesMax = 16_777_216
const timeoutMsMax = 3_600_000

type Readers = { readonly [Key in keyof HttpSettings]: (value: unknown, key: string) => HttpSettings[Key] }

const readers: Readers = {
  tls: (value, key) => choice(value, key, ['disable', 'verify-full']),
  tls_ca: (value, key) => matching(value, [key], /^[^\0]+$/s, 'a text that is not empty'),
  authentication: authenticationOf,
  hosts: (value, key) => list(value, key, /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'host names in lower case'),
  base_path: (value, key) => matching(value, [key], /^(\/[A-Za-z0-9._~-]+)*$/, 'a path such as /v1'),
  case: (value, key) => choice(value, key, ['sensitive', 'insensitive']),
  path_parameters: (value, key) => {
    if (typeof value !== 'boolean') throw new SchemaError([key], `"${key}" must be true or false`)
    return value
  },
  graphql: (value, key) => list(value, key, /^(\/[A-Za-z0-9._~-]+)+$/, 'paths such as /graphql'),
  openapi: (value, key) => templatesOf(value, [key]),
  headers: (value, key) => list(value, key, headerName, 'header names in lower case'),
  body_bytes_max: (value, key) => whole(value, key, bodyBytesMax),
  connections_max: (value, key) => whole(value, key, 1_024),
  connect_timeout_ms: (value, key) => whole(value, key, timeoutMsMax),
  answer_timeout_ms: (value, key) => whole(value, key, timeoutMsMax),
  profile: (value, key) => choice<Profile>(value, key, ['openai', 'anthropic']),
  prices: pricesOf,
}
const headerName = /^[a-z0-9!#$%&'*+.^`|~-]+$/

export const httpTarget: Schema<HttpSettings> = { parse }

export function credentialNeed({ authentication: { kind } }: HttpSettings): CredentialNeed {
  if (kind === 'none') return 'none'
  return kind === 'basic' || kind === 'sigv4' ? 'login' : 'secret'
}

function parse(value: unknown): HttpSettings {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SchemaError([], 'must be a mapping')
  const settings: Record<string, unknown> = { ...defaults }
  for (const [key, given] of Object.entries(value)) {
    if (!isSetting(key)) throw new SchemaError([key], `unknown key "${key}"; there are ${names.join(', ')}`)
    settings[key] = readers[key](given, key)
  }
  if ('prices' in value && !('profile' in value))
    throw new SchemaError(['prices'], '"prices" needs "profile": without it nothing is counted')
  return settings as unknown as HttpSettings
}

const names = Object.keys(readers)

function isSetting(key: string): key is keyof HttpSettings {
  return Object.hasOwn(readers, key)
}

function authenticationOf(value: unknown, key: string): Authentication {
  const named: unknown = typeof value === 'string' ? { kind: value } : value
  if (typeof named !== 'object' || named === null) throw new SchemaError([key], howToAuthenticate)
  const given = new Map<string, unknown>(Object.entries(named))
  const kind = given.get('kind')
  given.delete('kind')
  const part = (name: string, pattern: RegExp, what: string): string => {
    const found = matching(given.get(name), [key, name], pattern, what)
    given.delete(name)
    return found
  }
  const found = ((): Authentication => {
    switch (kind) {
      case 'none':
      case 'bearer':
      case 'basic':
        return { kind }
      case 'header':
        return { kind, name: part('name', headerName, 'a header name in lower case') }
      case 'query':
        return { kind, name: part('name', /^[\w.~-]+$/, 'the name of a parameter') }
      case 'sigv4':
        return {
          kind,
          region: part('region', /^[a-z0-9-]+$/, 'a region such as eu-west-1'),
          service: part('service', /^[a-z0-9-]+$/, 'a service such as bedrock'),
        }
      default:
        throw new SchemaError([key], howToAuthenticate)
    }
  })()
  const [unknown] = given.keys()
  if (unknown !== undefined) throw new SchemaError([key, unknown], `"${found.kind}" has no "${unknown}"`)
  return found
}

const howToAuthenticate =
  '"authentication" must be bearer, basic, none, { kind: header, name }, { kind: query, name } or { kind: sigv4, region, service }'

function choice<Choice extends string>(value: unknown, key: string, choices: readonly Choice[]): Choice {
  const found = choices.find((each) => each === value)
  if (found === undefined) throw new SchemaError([key], `"${key}" must be ${choices.join(' or ')}`)
  return found
}

function matching(value: unknown, at: readonly string[], pattern: RegExp, what: string): string {
  if (typeof value !== 'string' || !pattern.test(value))
    throw new SchemaError(at, `"${at.join('.')}" must be ${what}`)
  return value
}

function list(value: unknown, key: string, pattern: RegExp, what: string): readonly string[] {
  if (!Array.isArray(value)) throw new SchemaError([key], `"${key}" must be a list of ${what}`)
  return value.map((each: unknown) => matching(each, [key], pattern, `a list of ${what}`))
}

function whole(value: unknown, key: string, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new SchemaError([key], `"${key}" must be a whole number from 1 to ${most}`)
}
