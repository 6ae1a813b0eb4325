import { join } from 'node:path'
import type { SlackCallbacks } from '@sluice/api'
import type { Clock, EventStore, Ids } from '@sluice/core'
import {
  mail,
  openNotices,
  slack,
  slackPostMessageUrl,
  slackReplies,
  webhook,
  type Acquaintances,
  type Link,
  type Medium,
  type Notices,
} from '@sluice/notices'
import type { DestinationConfig, NoticesConfig, SlackVotesConfig } from './config/notices.ts'
import { pemOf } from './pem.ts'
import { secretOf, type Named } from './secrets.ts'

export interface NoticeParts extends Named {
  /** Folder of everything that outlives a start. */
  readonly data: string
  readonly store: Pick<EventStore, 'subscribe'>
  readonly acquaintances: Pick<Acquaintances, 'identityOf'>
  readonly link: Link
  readonly clock: Clock
  readonly ids: Ids
  readonly report: (what: string, error: unknown) => void
}

export interface BuiltNotices {
  readonly notices: Notices
  readonly slack: SlackCallbacks | undefined
}

/** Where a gateway keeps how far its destinations are. */
export function noticesFolder(data: string): string {
  return join(data, 'notices')
}

/** Throws `SecretError` for what refers to nothing, so that it is found at start and not in the first emergency. */
export async function buildNotices(
  { destinations, slack: votes }: NoticesConfig,
  parts: NoticeParts,
): Promise<BuiltNotices> {
  const { data, store, clock, ids, report } = parts
  const built = await Promise.all(
    destinations.map(async (destination) => ({
      ...destination,
      medium: await mediumOf(destination, votes !== null, parts),
    })),
  )
  const notices = await openNotices({
    destinations: built,
    folder: noticesFolder(data),
    store,
    clock,
    ids,
    report,
  })
  return { notices, slack: votes === null ? undefined : await callbacksOf(votes, parts) }
}

async function mediumOf(of: DestinationConfig, votes: boolean, parts: NoticeParts): Promise<Medium> {
  const { link, clock } = parts
  switch (of.kind) {
    case 'webhook': {
      const [url, secret] = [await secretOf(of.url, parts), await secretOf(of.secret, parts)]
      return webhook({ url, secret, authority: await pemOf(of.tlsCa, parts.base), link, clock })
    }
    case 'slack': {
      const url = await secretOf(of.url ?? { literal: slackPostMessageUrl }, parts)
      const access =
        of.bot === null
          ? ({ kind: 'webhook', url } as const)
          : ({
              kind: 'bot',
              url,
              token: await secretOf(of.bot.token, parts),
              channel: of.bot.channel,
            } as const)
      return slack({ access, votes, link, clock })
    }
    case 'mail': {
      const { host, tls, from, to, login } = of
      return mail({
        ...host,
        tls,
        from,
        to,
        authority: await pemOf(of.tlsCa, parts.base),
        login:
          login === null ? undefined : { user: login.user, password: await secretOf(login.password, parts) },
        link,
        clock,
      })
    }
  }
}

/** Whoever clicked is somebody here only by the configuration, and by what their own tokens said. */
async function callbacksOf(
  { signingSecret, users, team: only }: SlackVotesConfig,
  parts: NoticeParts,
): Promise<SlackCallbacks> {
  return {
    secret: await secretOf(signingSecret, parts),
    voter: (user, team) => {
      const subject = only === null || team === only ? users.get(user) : undefined
      if (subject === undefined) return { kind: 'unmapped' }
      const identity = parts.acquaintances.identityOf(subject, `slack:${team}/${user}`)
      return identity === undefined ? { kind: 'unseen' } : { kind: 'known', identity }
    },
    reply: slackReplies(parts),
  }
}
