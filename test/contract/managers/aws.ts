import { createHash, createHmac, randomBytes } from 'node:crypto'
import { json, served, type HeardRequest, type Keeper, type Said } from './keeper.ts'

/**
 * A stand-in for AWS Secrets Manager after its API reference (GetSecretValue, JSON 1.1), STS (AssumeRoleWithWebIdentity)
 * and the metadata service (IMDSv2). It computes each signature itself, after "Create a signed AWS API request".
 */

const region = 'eu-central-1'
const [service, target] = ['secretsmanager', 'secretsmanager.GetSecretValue']

export type AwsManner = 'keys' | 'web_identity' | 'container' | 'instance'

export async function aws(manner: AwsManner): Promise<Keeper> {
  const secrets = new Map<string, string>()
  const pod = randomBytes(12).toString('hex')
  let asked = 0
  let keys = fresh()
  const lent = (): Readonly<Record<string, string>> => ({
    AccessKeyId: keys.id,
    SecretAccessKey: keys.secret,
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  })
  const server = await served((heard) => {
    const { method, url, headers, body } = heard
    if (headers['x-amz-target'] !== undefined) {
      asked += 1
      return secret(heard, keys, secrets)
    }
    switch (`${method} ${url.pathname}`) {
      case 'POST /': {
        const form = new URLSearchParams(body)
        const right =
          form.get('Action') === 'AssumeRoleWithWebIdentity' && form.get('Version') === '2011-06-15'
        if (
          !right ||
          form.get('WebIdentityToken') !== pod ||
          !/^[\w+=,.@-]{2,64}$/.test(form.get('RoleSessionName') ?? '')
        )
          return { status: 400, body: '<ErrorResponse/>' }
        const fields = Object.entries({ ...lent(), SessionToken: keys.session })
        return {
          status: 200,
          body: `<Credentials>${fields.map(([n, v]) => `<${n}>${v}</${n}>`).join('')}</Credentials>`,
        }
      }
      case 'GET /task':
        return headers.authorization === pod ? json(200, { ...lent(), Token: keys.session }) : json(403, {})
      case 'PUT /latest/api/token':
        return headers['x-aws-ec2-metadata-token-ttl-seconds'] === undefined
          ? json(400, {})
          : { status: 200, body: pod }
      case 'GET /latest/meta-data/iam/security-credentials/':
        return headers['x-aws-ec2-metadata-token'] === pod ? { status: 200, body: 'role' } : json(401, {})
      case 'GET /latest/meta-data/iam/security-credentials/role':
        return headers['x-aws-ec2-metadata-token'] === pod
          ? json(200, { ...lent(), Token: keys.session })
          : json(401, {})
      default:
        return json(404, {})
    }
  })
  const token = (): Promise<string> => Promise.resolve(pod)
  const identities = {
    keys: {
      kind: 'keys',
      keys: () =>
        Promise.resolve({ accessKeyId: keys.id, secretAccessKey: keys.secret, sessionToken: keys.session }),
    },
    web_identity: {
      kind: 'web_identity',
      sts: new URL(server.url),
      role: 'arn:aws:iam::1:role/sluice',
      session: 'sluice-test',
      token,
    },
    container: { kind: 'container', url: new URL(`${server.url}/task`), authorization: token },
    instance: { kind: 'instance', metadata: new URL(server.url) },
  } as const
  return {
    config: { aws: { region, endpoint: new URL(server.url), identity: identities[manner] } },
    put: (name, value) => Promise.resolve(void secrets.set(name, value)),
    reference: (name, field) => ({ aws: field === undefined ? name : `${name}#${field}` }),
    asked: () => asked,
    forgetLogins: () => Promise.resolve(void (keys = fresh())),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

interface Keys {
  readonly id: string
  readonly secret: string
  readonly session: string
}

function fresh(): Keys {
  const [id, secret, session] = [16, 40, 64].map((bytes) => randomBytes(bytes).toString('base64url'))
  return { id: `ASIA${id}`, secret: `${secret}`, session: `${session}` }
}

function secret(heard: HeardRequest, keys: Keys, secrets: ReadonlyMap<string, string>): Said {
  const { method, headers, body } = heard
  const type = (name: string): Said => json(400, { __type: name })
  if (method !== 'POST' || headers['x-amz-target'] !== target) return type('UnknownOperationException')
  if (headers['content-type'] !== 'application/x-amz-json-1.1') return type('SerializationException')
  if (headers['x-amz-security-token'] !== keys.session) return type('ExpiredTokenException')
  if (headers.authorization !== signatureOf(heard, keys)) return type('InvalidSignatureException')
  const value = secrets.get((JSON.parse(body) as { SecretId: string }).SecretId)
  return value === undefined ? type('ResourceNotFoundException') : json(200, { SecretString: value })
}

/** The header that the request must have. */
function signatureOf({ method, url, headers, body }: HeardRequest, { id, secret }: Keys): string {
  const date = String(headers['x-amz-date'])
  const age = Math.abs(
    Date.now() - Date.parse(date.replace(/^(....)(..)(..T..)(..)(..)Z$/, '$1-$2-$3:$4:$5Z')),
  )
  if (!(age < 300_000)) return 'a request of another time'
  const names = /SignedHeaders=([a-z0-9;-]+)/.exec(String(headers.authorization))?.[1] ?? ''
  for (const needed of ['host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target'])
    if (!names.split(';').includes(needed)) return `a request that does not sign ${needed}`
  const canonical = [
    method,
    url.pathname,
    '',
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    sha256(body),
  ].join('\n')
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`
  const key = [date.slice(0, 8), region, service, 'aws4_request'].reduce<string | Buffer>(
    (last, part) => createHmac('sha256', last).update(part).digest(),
    `AWS4${secret}`,
  )
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const signature = createHmac('sha256', key).update(text).digest('hex')
  return `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names}, Signature=${signature}`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
