import type { Clock } from '@sluice/core'
import { always, type Fetched, type SecretManager } from './manager.ts'
import { SecretError } from './reference.ts'
import { within, type Answer, type Asked, type Requests } from './request.ts'
import { Lease } from './vault-lease.ts'
import { VaultTokens, type HeldToken, type VaultAuth } from './vault-tokens.ts'

export interface VaultConfig {
  /** E.g. `https://vault.internal:8200`. */
  readonly url: URL
  /** Of Vault Enterprise and OpenBao; `null`: the root namespace. */
  readonly namespace: string | null
  readonly auth: VaultAuth
}

interface Read {
  readonly answer: Answer
  /** Whose answer it is. */
  readonly by: HeldToken
}

/** The paths of its HTTP API, under `/v1/`. */
export type AskVault = (path: string, asked: Asked) => Promise<Answer>

/**
 * HashiCorp Vault and OpenBao, by their common HTTP API: KV of both versions, and whatever lends a login, above all the
 * database engine. What is lent is renewed for as long as Vault lets it, and given back at the end.
 */
export class Vault implements SecretManager {
  readonly #ask: AskVault
  readonly #tokens: VaultTokens
  readonly #requests: Requests
  readonly #clock: Clock
  readonly #leases = new Set<Lease>()

  constructor({ url, namespace, auth }: VaultConfig, requests: Requests, clock: Clock) {
    const root = url.href.replace(/\/$/, '')
    const every = {
      'x-vault-request': 'true',
      ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
    }
    this.#requests = requests
    this.#clock = clock
    this.#ask = (path, asked) =>
      requests.ask(`${root}/v1/${path}`, { ...asked, headers: { ...every, ...asked.headers } })
    this.#tokens = new VaultTokens(auth, this.#ask, clock)
  }

  async fetch(path: string): Promise<Fetched> {
    const { answer, by } = await this.#read(pathOf(path))
    if (answer.status !== 200) throw new SecretError(refusalOf(answer))
    const { data, lease_id: id } = answer.json ?? {}
    if (typeof id === 'string' && id !== '') {
      const lease = this.#lend(id, answer, by)
      return { content: fieldsOf(data), live: () => lease.live, leave: () => lease.leave() }
    }
    return { content: versioned(data) ?? fieldsOf(data), live: always }
  }

  async close(): Promise<void> {
    // At once, so that a Vault that does not answer is waited for once.
    await Promise.all([...[...this.#leases].map((lease) => lease.revoke()), this.#tokens.close()])
    await this.#requests.close()
  }

  /** 403 says that the token is no longer good as well as that it never was for this: another one tells. */
  async #read(path: string): Promise<Read> {
    const ask = async (by: HeldToken): Promise<Read> => ({
      answer: await this.#ask(path, { headers: by.headers }),
      by,
    })
    const first = await ask(await this.#tokens.token())
    if (first.answer.status !== 403) return first
    const second = await this.#tokens.withAnother(first.by, async (by) => {
      const read = await ask(by)
      return read.answer.status === 403 ? undefined : read
    })
    return second ?? first
  }

  #lend(id: string, { json }: Answer, by: HeldToken): Lease {
    const { lease_duration: seconds, renewable } = json ?? {}
    const lease = new Lease({
      id,
      lifeMs: typeof seconds === 'number' ? seconds * 1_000 : 0,
      renewable: renewable === true,
      by,
      ask: this.#ask,
      clock: this.#clock,
      over: () => this.#leases.delete(lease),
    })
    this.#leases.add(lease)
    return lease
  }
}

function pathOf(path: string): string {
  const parts = path.replace(/^\//, '').split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new SecretError('it is no path of an API, such as secret/data/shop')
  return parts.map((part) => encodeURIComponent(part)).join('/')
}

/** KV of version 2 keeps the fields one level further down, beside what it says about them. */
function versioned(data: unknown): Fetched['content'] | undefined {
  const { version } = within(data, 'metadata')
  return typeof version === 'number' ? within(data, 'data') : undefined
}

function fieldsOf(data: unknown): Readonly<Record<string, unknown>> {
  if (typeof data === 'object' && data !== null) return data as Readonly<Record<string, unknown>>
  throw new SecretError('the answer holds no data')
}

/** Its own words are not repeated: the engines behind it put into them what they like. */
function refusalOf({ status }: Answer): string {
  switch (status) {
    case 403:
      return 'Vault refuses it to this gateway (403): its policy must let it read this path'
    case 404:
      return 'Vault has nothing there (404); with KV version 2 the path has data/ behind the name of the engine'
    case 503:
      return 'Vault is sealed or in maintenance (503)'
    default:
      return `Vault answered ${status}`
  }
}
