import { refusal, Refused } from '@sluice/core'
import { malformed } from './objection.ts'
import { headerOf, type Headers } from './replies.ts'

export interface Carried {
  /** The gateway's token; `null`: none was sent. */
  readonly token: string | null
  /** The headers without it. */
  readonly rest: Headers
}

/**
 * Takes the caller's token out of the head, from the place that says most clearly that it is for the gateway. SDKs of
 * language models send what they are given as their key, so it may stand there too, if it is a gateway token by its
 * form; every other one is the target's. What is left goes upstream, so a token in it is taken out or refused.
 */
export function carriedToken(fields: Headers, url: string): Carried {
  const token = tokenOf(fields)
  const rest = fields.filter(([name, value]) => !carriers.has(name) || !carries(value, token))
  if (holdsToken(url, token) || rest.some(([, value]) => holdsToken(value, token)))
    throw malformed(
      'token_place',
      'A token of the gateway must only be in the header "X-Sluice-Authorization".',
    )
  return { token, rest }
}

/** The caller's own; `null`: there is none. Throws `Refused` where it is in its own place, and is none. */
export function tokenOf(fields: Headers): string | null {
  return (
    ownToken(fields) ??
    tokenIn(fields, 'proxy-authorization') ??
    tokenIn(fields, 'authorization') ??
    keys
      .map((name) => headerOf(fields, name))
      .find((value) => value !== undefined && gatewayToken.test(value)) ??
    null
  )
}

/** Where SDKs put a key: Anthropic, Azure, Google. */
const keys = ['x-api-key', 'api-key', 'x-goog-api-key']
const carriers = new Set(['x-sluice-authorization', 'proxy-authorization', 'authorization', ...keys])
const gatewayToken = /^slu_[\w.-]{16,}$/
const anyGatewayToken = /slu_[\w.-]{16,}/
/** A shorter text may be anywhere by chance, and is no token. */
const tokenCharsMin = 16

/** Where it is for nobody else, another place is no substitute: it may speak for somebody else. */
function ownToken(fields: Headers): string | undefined {
  const name = 'x-sluice-authorization'
  const token = tokenIn(fields, name)
  if (token === undefined && headerOf(fields, name) !== undefined) throw new Refused(noBearer)
  return token
}

const noBearer = refusal(
  'token_refused',
  'http/token',
  'The header must be "X-Sluice-Authorization: Bearer <token>".',
)

function tokenIn(fields: Headers, name: string): string | undefined {
  const value = headerOf(fields, name)
  return value === undefined ? undefined : credentialIn(value)
}

/** Of `Bearer <token>` or, where a URL has the token as its password, `Basic …`. */
function credentialIn(value: string): string | undefined {
  const [, scheme = '', given = ''] = /^(bearer|basic) +([\w\-.~+/]+=*)$/i.exec(value) ?? []
  if (scheme.toLowerCase() === 'bearer') return given
  if (scheme === '') return undefined
  const login = Buffer.from(given, 'base64').toString()
  return login.slice(login.indexOf(':') + 1) || undefined
}

function carries(value: string, token: string | null): boolean {
  const given = credentialIn(value) ?? value
  return given === token || gatewayToken.test(given)
}

/** That one or any of the gateway's, escapes or not. */
export function holdsToken(text: string, token: string | null): boolean {
  const holds = (form: string): boolean =>
    anyGatewayToken.test(form) || (token !== null && token.length >= tokenCharsMin && form.includes(token))
  return holds(text) || (text.includes('%') && holds(leniently(text)))
}

/** Every escape of ASCII undone, whatever the rest is. */
function leniently(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}
