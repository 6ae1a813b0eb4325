import type { Address } from '@sluice/core'
import type { SecretReference } from '@sluice/identity'
import { noticeTypes, type NoticeType } from '@sluice/notices'
import { addressOf } from './address.ts'
import type { Located, Path } from './document.ts'
import { nearest } from './nearest.ts'
import { ConfigError, type Problem } from './problem.ts'

/** Who is told outside, and how. Paths are relative to the configuration file. */
export interface NoticesConfig {
  readonly destinations: readonly DestinationConfig[]
  readonly slack: SlackVotesConfig | null
}

export type DestinationConfig = {
  readonly name: string
  readonly events: readonly NoticeType[]
  readonly approvers: readonly string[] | null
} & (WebhookConfig | SlackConfig | MailConfig)

export interface WebhookConfig {
  readonly kind: 'webhook'
  readonly url: SecretReference
  readonly secret: SecretReference
  readonly tlsCa: string | null
}

export interface SlackConfig {
  readonly kind: 'slack'
  /** `null`: Slack's own, for a bot. */
  readonly url: SecretReference | null
  readonly bot: { readonly token: SecretReference; readonly channel: string } | null
}

export interface MailConfig {
  readonly kind: 'mail'
  readonly host: Address
  readonly tls: 'starttls' | 'implicit' | 'disable'
  readonly tlsCa: string | null
  readonly login: { readonly user: string; readonly password: SecretReference } | null
  readonly from: string
  readonly to: readonly string[]
}

export interface SlackVotesConfig {
  readonly signingSecret: SecretReference
  /** Subject ids by users of Slack. */
  readonly users: ReadonlyMap<string, string>
  readonly team: string | null
}

/** The file's own shape. Which keys belong to which kind is checked here. */
export interface RawNotices {
  readonly destinations: Readonly<Record<string, RawDestination>>
  readonly slack?: {
    readonly signing_secret: SecretReference
    readonly users: Readonly<Record<string, string>>
    readonly team?: string
  }
}

interface RawDestination {
  readonly kind: DestinationConfig['kind']
  readonly events?: readonly NoticeType[]
  readonly approvers?: readonly string[]
  readonly url?: string | SecretReference
  readonly secret?: SecretReference
  readonly token?: SecretReference
  readonly channel?: string
  readonly host?: string
  readonly tls?: MailConfig['tls']
  readonly tls_ca?: string
  readonly user?: string
  readonly password?: SecretReference
  readonly from?: string
  readonly to?: readonly string[]
}

const keysOfAll = ['kind', 'events', 'approvers'] as const
const keysOf: Readonly<Record<DestinationConfig['kind'], readonly (keyof RawDestination)[]>> = {
  webhook: ['url', 'secret', 'tls_ca'],
  slack: ['url', 'token', 'channel'],
  mail: ['host', 'tls', 'tls_ca', 'user', 'password', 'from', 'to'],
}

/** Without the key nobody is told anything. Throws `ConfigError`. */
export function noticesOf(document: Located, notices: RawNotices | undefined): NoticesConfig {
  if (notices === undefined) return { destinations: [], slack: null }
  const { destinations, slack } = notices
  const found: Problem[] = []
  const read = Object.entries(destinations).flatMap(([name, raw]) => {
    const entry = new Entry(document, ['notices', 'destinations', name], raw)
    const { events = noticeTypes, approvers = null } = raw
    const of = entry.read()
    found.push(...entry.problems)
    return of === undefined ? [] : [{ name, events, approvers, ...of }]
  })
  if (found.length > 0) throw new ConfigError(found)
  return {
    destinations: read,
    slack:
      slack === undefined
        ? null
        : {
            signingSecret: slack.signing_secret,
            users: new Map(Object.entries(slack.users)),
            team: slack.team ?? null,
          },
  }
}

/** One destination, and what is wrong with it. */
class Entry {
  readonly problems: Problem[] = []
  readonly #document: Located
  readonly #at: Path
  readonly #raw: RawDestination

  constructor(document: Located, at: Path, raw: RawDestination) {
    this.#document = document
    this.#at = at
    this.#raw = raw
  }

  /** `undefined`: there are problems. */
  read(): WebhookConfig | SlackConfig | MailConfig | undefined {
    this.#refuseForeignKeys()
    const of = this.#ofKind()
    return this.problems.length === 0 ? of : undefined
  }

  #ofKind(): WebhookConfig | SlackConfig | MailConfig | undefined {
    switch (this.#raw.kind) {
      case 'webhook':
        return this.#webhook()
      case 'slack':
        return this.#slack()
      case 'mail':
        return this.#mail()
    }
  }

  #webhook(): WebhookConfig | undefined {
    const url = this.#url()
    const secret = this.#needed('secret')
    if (url === undefined || secret === undefined) return undefined
    return { kind: 'webhook', url, secret, tlsCa: this.#raw.tls_ca ?? null }
  }

  #slack(): SlackConfig | undefined {
    const { token } = this.#raw
    if (token === undefined) {
      if (this.#raw.channel !== undefined)
        this.#say('channel', 'goes with token: an incoming webhook has its own')
      const url = this.#url()
      return url === undefined ? undefined : { kind: 'slack', url, bot: null }
    }
    const channel = this.#needed('channel')
    const url = this.#raw.url === undefined ? null : this.#url()
    return channel === undefined || url === undefined
      ? undefined
      : { kind: 'slack', url, bot: { token, channel } }
  }

  #mail(): MailConfig | undefined {
    const [written, from, to] = [this.#needed('host'), this.#needed('from'), this.#needed('to')]
    const { tls = 'starttls', tls_ca: tlsCa = null, user, password } = this.#raw
    if (user !== undefined && password === undefined) this.#needed('password')
    if (password !== undefined && user === undefined) this.#needed('user')
    if (written === undefined || from === undefined || to === undefined) return undefined
    const host = addressOf(written)
    if (tls === 'disable' && !loopbacks.includes(host.host))
      this.#say('tls', 'can be disable only for 127.0.0.1, ::1 or localhost', 'use starttls or implicit')
    const login = user === undefined || password === undefined ? null : { user, password }
    return { kind: 'mail', host, tls, tlsCa, login, from, to }
  }

  /** What is written in the file is checked now; a secret one when it is used. */
  #url(): SecretReference | undefined {
    const url = this.#needed('url')
    if (typeof url !== 'string') return url
    const { protocol, hostname } = new URL(url)
    const isLocal = loopbacks.includes(hostname.replace(/^\[|\]$/g, ''))
    if (protocol !== 'https:' && !(protocol === 'http:' && isLocal))
      this.#say('url', 'must begin with https:// (http:// is for this machine)')
    return { literal: url }
  }

  #needed<Key extends keyof RawDestination>(key: Key): RawDestination[Key] | undefined {
    const value = this.#raw[key]
    if (value === undefined)
      this.problems.push(this.#document.problem(this.#at, `${this.#at.join('.')} lacks "${key}"`))
    return value
  }

  #refuseForeignKeys(): void {
    const known: readonly string[] = [...keysOfAll, ...keysOf[this.#raw.kind]]
    for (const key of Object.keys(this.#raw).filter((one) => !known.includes(one))) {
      const near = nearest(key, known)
      this.problems.push(
        this.#document.problem(
          [...this.#at, key],
          `unknown key "${key}" in ${this.#at.join('.')}, a ${this.#raw.kind}`,
          near === null ? `valid keys: ${known.join(', ')}` : `did you mean "${near}"?`,
        ),
      )
    }
  }

  #say(key: keyof RawDestination, what: string, hint: string | null = null): void {
    this.problems.push(
      this.#document.problem([...this.#at, key], `${[...this.#at, key].join('.')} ${what}`, hint),
    )
  }
}

const loopbacks = ['127.0.0.1', '::1', 'localhost']
