import aws4 from 'aws4'
import type { Clock } from '@sluice/core'
import { awsKeys, type AwsIdentity } from './aws-keys.ts'
import { always, type Fetched, type SecretManager } from './manager.ts'
import { SecretError } from './reference.ts'
import type { Answer, Requests } from './request.ts'

export interface AwsConfig {
  readonly region: string
  /** E.g. of a VPC; `null`: the region's own. */
  readonly endpoint: URL | null
  readonly identity: AwsIdentity
}

const service = 'secretsmanager'

/** AWS Secrets Manager: GetSecretValue, signed with Signature Version 4. */
export class AwsSecretsManager implements SecretManager {
  readonly #config: AwsConfig
  readonly #requests: Requests
  readonly #keys: ReturnType<typeof awsKeys>

  constructor(config: AwsConfig, requests: Requests, clock: Clock) {
    this.#config = config
    this.#requests = requests
    this.#keys = awsKeys(config.identity, requests, clock)
  }

  async fetch(path: string): Promise<Fetched> {
    const body = JSON.stringify({ SecretId: path })
    const answer = await this.#ask(body)
    const { SecretString: text } = answer.json ?? {}
    if (answer.status !== 200) throw new SecretError(refused(answer))
    if (typeof text !== 'string') throw new SecretError('it is kept as bytes, not as a text')
    return { content: text, live: always }
  }

  close(): Promise<void> {
    return this.#requests.close()
  }

  /** Keys that ended too early are got anew once. */
  async #ask(body: string, isSecond = false): Promise<Answer> {
    const { region, endpoint } = this.#config
    const url = endpoint ?? new URL(`https://${service}.${region}.${domainOf(region)}`)
    const signed = aws4.sign(
      {
        service,
        region,
        host: url.host,
        method: 'POST',
        path: '/',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `${service}.GetSecretValue`,
        },
        body,
      },
      await this.#keys.get(),
    )
    const headers = Object.entries(signed.headers ?? {}).filter(
      ([name]) => name.toLowerCase() !== 'content-length',
    )
    const answer = await this.#requests.ask(new URL('/', url).href, {
      method: 'POST',
      headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), String(value)])),
      body,
    })
    if (isSecond || !endedEarly.has(typeOf(answer))) return answer
    this.#keys.forget()
    return this.#ask(body, true)
  }
}

const endedEarly: ReadonlySet<string> = new Set(['ExpiredTokenException', 'UnrecognizedClientException'])

function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
}

/** E.g. `ResourceNotFoundException`, in whose place a proxy may put anything. */
function typeOf({ json }: Answer): string {
  const { __type: type } = json ?? {}
  const name = typeof type === 'string' ? type.slice(type.indexOf('#') + 1) : ''
  return /^[A-Za-z]{1,64}$/.test(name) ? name : ''
}

function refused(answer: Answer): string {
  const type = typeOf(answer)
  switch (type) {
    case 'ResourceNotFoundException':
      return 'AWS has no such secret (ResourceNotFoundException)'
    case 'AccessDeniedException':
      return 'AWS refuses it to this gateway (AccessDeniedException): it needs secretsmanager:GetSecretValue'
    default:
      return `AWS answered ${answer.status}${type === '' ? '' : ` (${type})`}`
  }
}
