import { Unreachable } from './command.ts'

/** One of the gateway's own, and how long it lives from now. */
export interface GatewayToken {
  readonly token: string
  readonly lifeMs: number
}

const answerMs = 10_000
export const gatewayTokenPrefix = 'slu_'

/** What a token is to be good for alone. */
export interface TokenBinding {
  readonly targets?: readonly string[]
  /** Addresses and networks of callers. */
  readonly from?: readonly string[]
}

/** A provider's access token in, a short-lived gateway token out (RFC 8693). */
export async function exchangeToken(
  api: string,
  subjectToken: string,
  { targets = [], from = [] }: TokenBinding = {},
): Promise<GatewayToken> {
  const scope = [...targets.map((name) => `target:${name}`), ...from.map((network) => `from:${network}`)]
  // One that a login gave serves as long as it lives.
  if (subjectToken.startsWith(gatewayTokenPrefix)) {
    if (scope.length > 0) throw new Error('no token: the one that this login gave cannot be bound any more')
    return { token: subjectToken, lifeMs: Number.POSITIVE_INFINITY }
  }
  const answer = await tokenFrom(new URL('/v1/token', api).href, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    ...(scope.length === 0 ? {} : { scope: scope.join(' ') }),
  })
  return { token: answer.access_token, lifeMs: (answer.expires_in ?? 0) * 1000 }
}

/** The answer of RFC 6749 §5.1. */
export interface TokenAnswer {
  readonly access_token: string
  readonly expires_in?: number
  /** Who logged in, where a code was given for it. */
  readonly subject?: string
}

/** Rejects with `Unreachable` when nobody answers or the endpoint fails, and with the endpoint's words when it refuses. */
export async function tokenFrom(
  endpoint: string,
  form: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  let response: Response
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      body: new URLSearchParams(form),
      signal: AbortSignal.timeout(answerMs),
      redirect: 'error',
    })
  } catch (error) {
    throw new Unreachable(
      `${new URL(endpoint).origin} does not answer: is it running? Start the demo with: npm start`,
      { cause: error },
    )
  }
  const answer = (await response.json().catch(() => ({}))) as Partial<TokenAnswer> & {
    readonly error?: string
    readonly error_description?: string
  }
  const { access_token: token, error, error_description: description } = answer
  if (typeof token === 'string') return { ...answer, access_token: token }
  const why = `no token: ${description ?? error ?? response.statusText}`
  throw response.status >= 500 && error === undefined ? new Unreachable(why) : new Error(why)
}
