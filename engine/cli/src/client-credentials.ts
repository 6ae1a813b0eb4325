import type { Clock } from '@sluice/core'

export interface ClientCredentials {
  readonly tokenUrl: string
  readonly clientId: string
  /** Read anew for each token, so that a rotated secret is used. */
  readonly secret: () => Promise<string>
  readonly scope: string | null
  /** What the provider asks for besides, e.g. `resource` (RFC 8707) or `audience`. */
  readonly extra?: Readonly<Record<string, string>>
  /** For messages: who wants the token. */
  readonly wantedBy: string
}

const requestMs = 10_000
/** A token is not used in the last part of its life: it must not end on the way. */
const spareMs = 30_000

/**
 * The client credentials grant (RFC 6749 §4.4). Gives out the same token for as long as it is good; rejects with what
 * the token endpoint answered, never with the secret.
 */
export function clientCredentials(of: ClientCredentials, clock: Clock): () => Promise<string> {
  let held: { readonly token: string; readonly untilMs: number } | undefined
  return async () => {
    if (held === undefined || clock.monotonic() >= held.untilMs) {
      const { token, lifeMs } = await request(of)
      held = { token, untilMs: clock.monotonic() + lifeMs - spareMs }
    }
    return held.token
  }
}

async function request({
  tokenUrl,
  clientId,
  secret,
  scope,
  extra,
  wantedBy,
}: ClientCredentials): Promise<{ readonly token: string; readonly lifeMs: number }> {
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(await secret())}`)
  const response = await fetch(tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${basic.toString('base64')}`, accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope === null ? {} : { scope }),
      ...extra,
    }),
    signal: AbortSignal.timeout(requestMs),
    redirect: 'error',
  })
  const body: unknown = await response.json().catch(() => null)
  if (!response.ok || typeof body !== 'object' || body === null)
    throw new Error(`${tokenUrl} answered ${response.status} when a token for ${wantedBy} was asked for`)
  const { access_token: token, expires_in: seconds } = body as Readonly<Record<string, unknown>>
  if (typeof token !== 'string') throw new Error(`${tokenUrl} gave no access token for ${wantedBy}`)
  return { token, lifeMs: typeof seconds === 'number' ? seconds * 1_000 : 0 }
}
