import type { Clock } from '@sluice/core'
import { SecretError } from './reference.ts'
import type { Answer, Requests } from './request.ts'

export interface AwsKeyPair {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** How this gateway shows AWS who it is. */
export type AwsIdentity =
  /** Keys that somebody handed out. */
  | { readonly kind: 'keys'; readonly keys: () => Promise<AwsKeyPair> }
  /** A token of the pod's, for keys of a role (IAM roles for service accounts). */
  | {
      readonly kind: 'web_identity'
      readonly sts: URL
      readonly role: string
      readonly session: string
      readonly token: () => Promise<string>
    }
  /** ECS and EKS Pod Identity; `authorization` is null where none is asked for. */
  | { readonly kind: 'container'; readonly url: URL; readonly authorization: (() => Promise<string>) | null }
  /** The role of the machine, from its metadata service (IMDSv2). */
  | { readonly kind: 'instance'; readonly metadata: URL }

/** Keys are not used in the last part of their life: they must not end on the way. */
const spareMs = 60_000
const metadataTokenS = '60'

/** The keys that requests are signed with, got when they are needed, by one for all. */
export class AwsKeys {
  readonly #identity: AwsIdentity
  readonly #requests: Requests
  readonly #clock: Clock
  #held: { readonly keys: Promise<AwsKeyPair>; untilMs: number } | undefined

  constructor(identity: AwsIdentity, requests: Requests, clock: Clock) {
    this.#identity = identity
    this.#requests = requests
    this.#clock = clock
  }

  get(): Promise<AwsKeyPair> {
    if (this.#identity.kind === 'keys') return this.#identity.keys()
    if (this.#held !== undefined && this.#clock.now() < this.#held.untilMs) return this.#held.keys
    const held = {
      keys: Promise.resolve<AwsKeyPair>({ accessKeyId: '', secretAccessKey: '' }),
      untilMs: Infinity,
    }
    held.keys = this.#lent((untilMs) => (held.untilMs = untilMs - spareMs))
    this.#held = held
    held.keys.catch(() => {
      if (this.#held === held) this.#held = undefined
    })
    return held.keys
  }

  forget(): void {
    this.#held = undefined
  }

  async #lent(until: (ms: number) => void): Promise<AwsKeyPair> {
    const answer = await this.#ask()
    const fields = answer.json ?? fieldsOfXml(answer.text)
    const { AccessKeyId: id, SecretAccessKey: secret, Expiration: ends } = fields
    // The metadata service calls `Token` what the others call `SessionToken`.
    const session = fields['SessionToken'] ?? fields['Token']
    if (
      answer.status !== 200 ||
      typeof id !== 'string' ||
      typeof secret !== 'string' ||
      typeof session !== 'string'
    )
      throw new SecretError(`AWS gave this gateway no keys as ${this.#identity.kind} (${answer.status})`)
    const endsMs = typeof ends === 'string' ? Date.parse(ends) : Number.NaN
    until(Number.isNaN(endsMs) ? 0 : endsMs)
    return { accessKeyId: id, secretAccessKey: secret, sessionToken: session }
  }

  async #ask(): Promise<Answer> {
    const identity = this.#identity
    switch (identity.kind) {
      case 'keys':
        throw new SecretError('keys that were handed out are not asked for')
      case 'web_identity': {
        const { sts, role, session, token } = identity
        const body = new URLSearchParams({
          Action: 'AssumeRoleWithWebIdentity',
          Version: '2011-06-15',
          RoleArn: role,
          RoleSessionName: session,
          WebIdentityToken: await token(),
        })
        return this.#requests.ask(sts.href, { method: 'POST', body })
      }
      case 'container': {
        const { url, authorization } = identity
        const headers = authorization === null ? {} : { authorization: await authorization() }
        return this.#requests.ask(url.href, { headers })
      }
      case 'instance':
        return this.#ofInstance(identity.metadata)
    }
  }

  async #ofInstance(metadata: URL): Promise<Answer> {
    const at = (path: string): string => new URL(`/latest/${path}`, metadata).href
    const token = await this.#requests.ask(at('api/token'), {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': metadataTokenS },
    })
    const headers = { 'x-aws-ec2-metadata-token': token.text }
    const roles = 'meta-data/iam/security-credentials/'
    const { status, text } = await this.#requests.ask(at(roles), { headers })
    if (status !== 200) throw new SecretError(`this machine has no role in AWS (${status})`)
    return this.#requests.ask(at(`${roles}${encodeURIComponent(text.trim())}`), { headers })
  }
}

/** STS answers in XML, whose values here are plain texts in elements of these names. */
function fieldsOfXml(text: string): Readonly<Record<string, unknown>> {
  const names = ['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration']
  return Object.fromEntries(
    names.map((name) => [name, new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1]]),
  )
}
