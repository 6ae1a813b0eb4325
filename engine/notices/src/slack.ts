import type { Clock } from '@sluice/core'
import { delivered, deliveryOf, failed, refusedBy, type Delivery, type Medium } from './delivery.ts'
import { post, PostError, type Answer } from './post.ts'
import { slackMessage } from './slack-message.ts'
import type { Link } from './told.ts'

/** An incoming webhook, or a bot that writes into a channel. */
export type SlackAccess =
  | { readonly kind: 'webhook'; readonly url: () => Promise<string> }
  | {
      readonly kind: 'bot'
      /** Of chat.postMessage. */
      readonly url: () => Promise<string>
      readonly token: () => Promise<string>
      readonly channel: string
    }

export interface SlackOptions {
  readonly access: SlackAccess
  /** Clicks on buttons come back to this gateway. */
  readonly votes: boolean
  readonly link: Link
  readonly clock: Pick<Clock, 'now' | 'after'>
}

export const slackPostMessageUrl = 'https://slack.com/api/chat.postMessage'

/** What chat.postMessage says of trouble that passes; any other error is about the message or who sends it. */
const passing = [
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]

export function slack({ access, votes, link, clock }: SlackOptions): Medium {
  let turn = 0
  return {
    async deliver(message, signal) {
      const content = slackMessage(message, votes, link)
      const isBot = access.kind === 'bot'
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'sluice',
        ...(isBot ? { authorization: `Bearer ${await access.token()}` } : {}),
      }
      const body = JSON.stringify(isBot ? { channel: access.channel, ...content } : content)
      try {
        const answer = await post({ url: await access.url(), headers, body }, turn++, clock, signal)
        return isBot ? botDelivery(answer) : deliveryOf(answer)
      } catch (error) {
        if (error instanceof PostError) return failed(error.message)
        throw error
      }
    },
  }
}

/** It answers 200 also to what it does not do. */
function botDelivery(answer: Answer): Delivery {
  const byStatus = deliveryOf(answer)
  if (byStatus.kind !== 'delivered') return byStatus
  const error = errorOf(answer.body)
  if (error === null) return delivered
  return passing.includes(error)
    ? failed(`Slack says ${error}`, answer.retryAfterMs)
    : refusedBy(`Slack says ${error}`)
}

/** `null`: it is done. */
function errorOf(body: string): string | null {
  try {
    const { ok, error } = JSON.parse(body) as { readonly ok?: unknown; readonly error?: unknown }
    if (ok === true) return null
    return typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : 'internal_error'
  } catch {
    return 'internal_error'
  }
}
