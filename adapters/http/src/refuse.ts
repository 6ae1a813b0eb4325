import type { Refusal, RefusalCode } from '@sluice/core'
import type { Profile } from './llm/operation.ts'
import type { Reply } from './replies.ts'

/** Status of each refusal; a client library must neither retry a denial nor take it for an answer. */
const statuses: { readonly [Code in RefusalCode]: number } = {
  denied: 403,
  pending: 403,
  malformed: 400,
  too_large: 413,
  too_many: 429,
  token_refused: 401,
  token_expired: 401,
  target_unknown: 404,
  target_unreachable: 502,
  recogniser_unavailable: 502,
  log_unavailable: 503,
  policy_error: 403,
  cancelled: 409,
  draining: 503,
  internal: 500,
}

/** What SDKs of language models make of an error: by this they choose an exception, and whether they try again. */
const types: { readonly [Code in RefusalCode]?: string } = {
  token_refused: 'authentication_error',
  token_expired: 'authentication_error',
  denied: 'permission_error',
  pending: 'permission_error',
  policy_error: 'permission_error',
  too_many: 'rate_limit_error',
  target_unreachable: 'api_error',
  recogniser_unavailable: 'api_error',
  log_unavailable: 'api_error',
  draining: 'api_error',
  internal: 'api_error',
}

export interface RefuseOptions {
  /** The caller asked to be told at once where it may look (RFC 7240 `respond-async`). */
  readonly async?: boolean
  readonly profile?: Profile | null
}

const nativeStatus = /^[45]\d\d$/
const problems = 'https://sluice.dev/problems/'

export function statusOf({ code, native }: Refusal): number {
  return native !== undefined && nativeStatus.test(native) ? Number(native) : statuses[code]
}

/**
 * The whole answer of a refusal: problem details (RFC 9457), and in `error` what the SDKs of language models look for. A
 * model reads the body alone, so everything that matters is in `detail`. For Anthropic's `type` must be `error`, so there it
 * is JSON and no problem details.
 */
export function refuse(
  refusal: Refusal,
  { async = false, profile = null }: RefuseOptions = {},
): readonly Reply[] {
  const { code, rule, reference, message, link } = refusal
  const accepted = code === 'pending' && async
  const status = accepted ? 202 : statusOf(refusal)
  const body = Buffer.from(
    JSON.stringify({
      type: profile === 'anthropic' ? 'error' : `${problems}${code}`,
      title: titleOf(code),
      status,
      detail: message,
      rule,
      reference,
      ...(link === undefined ? {} : { approval: link }),
      ...(accepted ? {} : { error: errorOf(refusal, profile) }),
    }),
  )
  const headers = [
    ['content-type', accepted || profile === 'anthropic' ? 'application/json' : 'application/problem+json'],
    ['content-length', String(body.length)],
    ['cache-control', 'no-store'],
    ['x-content-type-options', 'nosniff'],
    ...(status === 401 ? [['www-authenticate', 'Bearer realm="sluice"'] as const] : []),
    ...(status === 429 || status === 503 ? [['retry-after', '5'] as const] : []),
    ...(code === 'recogniser_unavailable' ? [final] : []),
    ...(accepted && link !== undefined
      ? [['location', link] as const, ['preference-applied', 'respond-async'] as const]
      : []),
    ...(reference === null ? [] : [['x-sluice-reference', reference] as const]),
  ] as const
  return [
    { kind: 'head', status, headers },
    { kind: 'data', bytes: body },
    { kind: 'end', trailers: [] },
  ]
}

/** SDKs of language models ask again by themselves, and the target would perform again what it has performed. */
const final = ['x-should-retry', 'false'] as const

function errorOf({ code, message }: Refusal, profile: Profile | null): object {
  const type = types[code] ?? 'invalid_request_error'
  return profile === 'anthropic' ? { type, message } : { message, type, param: null, code }
}

function titleOf(code: RefusalCode): string {
  const words = code.replaceAll('_', ' ')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}
