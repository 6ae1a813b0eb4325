import type { Address } from '@sluice/core'
import type { SecretReference } from '@sluice/identity'
import { noticeTypes, type NoticeType } from '@sluice/notices'
import { addressOf } from './address.ts'
import type { Located } from './document.ts'
import { Entry, isLoopback } from './entry.ts'
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
    entry.refuseOthersThan([...keysOfAll, ...keysOf[raw.kind]], raw.kind)
    const { events = noticeTypes, approvers = null } = raw
    const of = destinationOf(entry)
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

type DestinationEntry = Entry<RawDestination>

/** `undefined`: there are problems. */
function destinationOf(entry: DestinationEntry): WebhookConfig | SlackConfig | MailConfig | undefined {
  switch (entry.raw.kind) {
    case 'webhook':
      return webhookOf(entry)
    case 'slack':
      return slackOf(entry)
    case 'mail':
      return mailOf(entry)
  }
}

function webhookOf(entry: DestinationEntry): WebhookConfig | undefined {
  const url = urlOf(entry)
  const secret = entry.needed('secret')
  if (url === undefined || secret === undefined) return undefined
  return { kind: 'webhook', url, secret, tlsCa: entry.raw.tls_ca ?? null }
}

function slackOf(entry: DestinationEntry): SlackConfig | undefined {
  const { token } = entry.raw
  if (token === undefined) {
    if (entry.raw.channel !== undefined)
      entry.say('channel', 'goes with token: an incoming webhook has its own')
    const url = urlOf(entry)
    return url === undefined ? undefined : { kind: 'slack', url, bot: null }
  }
  const channel = entry.needed('channel')
  const url = entry.raw.url === undefined ? null : urlOf(entry)
  return channel === undefined || url === undefined
    ? undefined
    : { kind: 'slack', url, bot: { token, channel } }
}

function mailOf(entry: DestinationEntry): MailConfig | undefined {
  const [written, from, to] = [entry.needed('host'), entry.needed('from'), entry.needed('to')]
  const { tls = 'starttls', tls_ca: tlsCa = null, user, password } = entry.raw
  if (user !== undefined && password === undefined) entry.needed('password')
  if (password !== undefined && user === undefined) entry.needed('user')
  if (written === undefined || from === undefined || to === undefined) return undefined
  const host = addressOf(written)
  if (tls === 'disable' && !isLoopback(host.host))
    entry.say('tls', 'can be disable only for 127.0.0.1, ::1 or localhost', 'use starttls or implicit')
  const login = user === undefined || password === undefined ? null : { user, password }
  return { kind: 'mail', host, tls, tlsCa, login, from, to }
}

/** What is written in the file is checked now; a secret one when it is used. */
function urlOf(entry: DestinationEntry): SecretReference | undefined {
  const url = entry.needed('url')
  if (typeof url !== 'string') return url
  entry.url('url', url)
  return { literal: url }
}
