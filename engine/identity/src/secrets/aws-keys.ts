import type { Clock } from '@sluice/core'
import { SecretError } from './reference.ts'
import type { Answer, Requests } from './request.ts'
import { ShortLived, type Given } from './short-lived.ts'

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

/** Whoever lends keys. */
type Lender = Exclude<AwsIdentity, { kind: 'keys' }>

const metadataTokenS = '60'

/** The keys that requests are signed with. */
export function awsKeys(
  identity: AwsIdentity,
  requests: Requests,
  clock: Pick<Clock, 'now'>,
): Pick<ShortLived<AwsKeyPair>, 'get' | 'forget'> {
  if (identity.kind === 'keys') return { get: identity.keys, forget: () => {} }
  return new ShortLived(
    () => lent(identity, requests),
    () => clock.now(),
  )
}

async function lent(lender: Lender, requests: Requests): Promise<Given<AwsKeyPair>> {
  const answer = await answerOf(lender, requests)
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
    throw new SecretError(`AWS gave this gateway no keys as ${lender.kind} (${answer.status})`)
  const endsMs = typeof ends === 'string' ? Date.parse(ends) : Number.NaN
  return {
    value: { accessKeyId: id, secretAccessKey: secret, sessionToken: session },
    untilMs: Number.isNaN(endsMs) ? 0 : endsMs,
  }
}

async function answerOf(lender: Lender, requests: Requests): Promise<Answer> {
  switch (lender.kind) {
    case 'web_identity': {
      const { sts, role, session, token } = lender
      const body = new URLSearchParams({
        Action: 'AssumeRoleWithWebIdentity',
        Version: '2011-06-15',
        RoleArn: role,
        RoleSessionName: session,
        WebIdentityToken: await token(),
      })
      return requests.ask(sts.href, { method: 'POST', body })
    }
    case 'container': {
      const { url, authorization } = lender
      const headers = authorization === null ? {} : { authorization: await authorization() }
      return requests.ask(url.href, { headers })
    }
    case 'instance':
      return ofInstance(lender.metadata, requests)
  }
}

async function ofInstance(metadata: URL, requests: Requests): Promise<Answer> {
  const at = (path: string): string => new URL(`/latest/${path}`, metadata).href
  const token = await requests.ask(at('api/token'), {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': metadataTokenS },
  })
  const headers = { 'x-aws-ec2-metadata-token': token.text }
  const roles = 'meta-data/iam/security-credentials/'
  const { status, text } = await requests.ask(at(roles), { headers })
  if (status !== 200) throw new SecretError(`this machine has no role in AWS (${status})`)
  return requests.ask(at(`${roles}${encodeURIComponent(text.trim())}`), { headers })
}

/** STS answers in XML, whose values here are plain texts in elements of these names. */
function fieldsOfXml(text: string): Readonly<Record<string, unknown>> {
  const names = ['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration']
  return Object.fromEntries(
    names.map((name) => [name, new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1]]),
  )
}
