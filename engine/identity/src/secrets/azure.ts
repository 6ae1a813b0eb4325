import type { Clock } from '@sluice/core'
import { bearerToken, withBearer } from './bearer.ts'
import { always, type Fetched, type SecretManager } from './manager.ts'
import { SecretError } from './reference.ts'
import type { Answer, Requests } from './request.ts'
import type { ShortLived } from './short-lived.ts'

export type AzureAuth =
  /** The identity of the machine; `clientId`: of several. */
  | { readonly kind: 'managed_identity'; readonly clientId: string | null; readonly metadata: URL }
  | {
      readonly kind: 'client_secret' | 'workload_identity'
      /** E.g. `https://login.microsoftonline.com`. */
      readonly authority: URL
      readonly tenant: string
      readonly clientId: string
      /** The secret, or the token of the workload that Azure trusts instead of one. */
      readonly proof: () => Promise<string>
    }

export interface AzureConfig {
  /** E.g. `https://shop.vault.azure.net`. */
  readonly vault: URL
  readonly auth: AzureAuth
}

const apiVersion = '7.4'
const metadataVersion = '2018-02-01'
const resource = 'https://vault.azure.net'
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Azure's Key Vault, by its REST API: Get Secret. */
export class AzureKeyVault implements SecretManager {
  readonly #vault: URL
  readonly #requests: Requests
  readonly #token: ShortLived<string>

  constructor({ vault, auth }: AzureConfig, requests: Requests, clock: Clock) {
    this.#vault = vault
    this.#requests = requests
    this.#token = bearerToken(() => tokenFor(auth, requests), clock)
  }

  async fetch(path: string): Promise<Fetched> {
    if (!/^[0-9A-Za-z-]+(?:\/[0-9a-f]+)?$/.test(path))
      throw new SecretError('write <name>, or <name>/<version>')
    const url = new URL(`/secrets/${path}?api-version=${apiVersion}`, this.#vault).href
    const { status, json } = await withBearer(this.#token, (headers) => this.#requests.ask(url, { headers }))
    const { value } = json ?? {}
    if (status !== 200 || typeof value !== 'string') throw new SecretError(refused(status))
    return { content: value, live: always }
  }

  close(): Promise<void> {
    return this.#requests.close()
  }
}

async function tokenFor(auth: AzureAuth, requests: Requests): Promise<Answer> {
  if (auth.kind === 'managed_identity') {
    const asked = new URL('/metadata/identity/oauth2/token', auth.metadata)
    asked.searchParams.set('api-version', metadataVersion)
    asked.searchParams.set('resource', resource)
    if (auth.clientId !== null) asked.searchParams.set('client_id', auth.clientId)
    return requests.ask(asked.href, { headers: { metadata: 'true' } })
  }
  const { kind, authority, tenant, clientId } = auth
  const proof = await auth.proof()
  const grant = {
    grant_type: 'client_credentials',
    client_id: clientId,
    scope: `${resource}/.default`,
    ...(kind === 'client_secret'
      ? { client_secret: proof }
      : { client_assertion_type: assertionType, client_assertion: proof }),
  }
  const url = new URL(`/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, authority).href
  return requests.ask(url, { method: 'POST', body: new URLSearchParams(grant) })
}

function refused(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return `Azure refuses it to this gateway (${status}): it needs the role Key Vault Secrets User`
    case 404:
      return 'Azure has no such secret or version (404)'
    default:
      return `Azure answered ${status}`
  }
}
