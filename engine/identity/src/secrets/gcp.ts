import { importPKCS8, SignJWT } from 'jose'
import type { Clock } from '@sluice/core'
import { bearerToken, withBearer } from './bearer.ts'
import { always, type Fetched, type SecretManager } from './manager.ts'
import { SecretError } from './reference.ts'
import { objectIn, within, type Answer, type Requests } from './request.ts'
import type { ShortLived } from './short-lived.ts'

export interface GcpConfig {
  /** E.g. `https://secretmanager.googleapis.com`. */
  readonly endpoint: URL
  /** Of references that name no project. */
  readonly project: string | null
  /** The JSON file of a service account's key; `null`: the machine's own account, from the metadata server. */
  readonly key: (() => Promise<string>) | null
  /** E.g. `http://metadata.google.internal`. */
  readonly metadata: URL
}

const scope = 'https://www.googleapis.com/auth/cloud-platform'
const assertionLifeS = 300

/** Google Cloud's Secret Manager, by its REST API: `projects.secrets.versions.access`. */
export class GcpSecretManager implements SecretManager {
  readonly #config: GcpConfig
  readonly #requests: Requests
  readonly #token: ShortLived<string>

  constructor(config: GcpConfig, requests: Requests, clock: Clock) {
    this.#config = config
    this.#requests = requests
    const { key, metadata } = config
    this.#token = bearerToken(
      () => (key === null ? ofMachine(metadata, requests) : ofKey(key, requests, clock)),
      clock,
    )
  }

  async fetch(path: string): Promise<Fetched> {
    const url = new URL(`/v1/${nameOf(path, this.#config.project)}:access`, this.#config.endpoint).href
    const { status, json } = await withBearer(this.#token, (headers) => this.#requests.ask(url, { headers }))
    const { data } = within(json, 'payload')
    if (status !== 200 || typeof data !== 'string') throw new SecretError(refused(status))
    return { content: Buffer.from(data, 'base64').toString(), live: always }
  }

  close(): Promise<void> {
    return this.#requests.close()
  }
}

const written = /^(?:projects\/([\w.:-]+)\/secrets\/)?([\w-]+)(?:\/versions\/([\w-]+))?$/

function nameOf(path: string, own: string | null): string {
  const [, project = own, secret, version = 'latest'] = written.exec(path) ?? []
  if (secret === undefined || project === null)
    throw new SecretError('write projects/<project>/secrets/<name>, or <name> beside secrets.gcp.project')
  return `projects/${project}/secrets/${secret}/versions/${version}`
}

function ofMachine(metadata: URL, requests: Requests): Promise<Answer> {
  const path = '/computeMetadata/v1/instance/service-accounts/default/token'
  return requests.ask(new URL(path, metadata).href, { headers: { 'metadata-flavor': 'Google' } })
}

/** A signed assertion is exchanged for a token (RFC 7523 §2.1). */
async function ofKey(key: () => Promise<string>, requests: Requests, clock: Clock): Promise<Answer> {
  const { client_email: email, private_key: pem, token_uri: uri } = objectIn(await key()) ?? {}
  if (typeof email !== 'string' || typeof pem !== 'string' || typeof uri !== 'string')
    throw new SecretError('secrets.gcp.key names no JSON file of a service account key')
  const seconds = Math.floor(clock.now() / 1_000)
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(email)
    .setAudience(uri)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + assertionLifeS)
    .sign(await importPKCS8(pem, 'RS256'))
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }
  return requests.ask(uri, { method: 'POST', body: new URLSearchParams(grant) })
}

function refused(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return `Google refuses it to this gateway (${status}): it needs roles/secretmanager.secretAccessor`
    case 404:
      return 'Google has no such secret or version (404)'
    default:
      return `Google answered ${status}`
  }
}
