import type { Clock } from '@sluice/core'
import { slackEscaped } from './mrkdwn.ts'
import { post } from './post.ts'

export interface SlackReplyPorts {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly report: (what: string, error: unknown) => void
  /** Hosts at which Slack takes replies. */
  readonly hosts?: readonly string[]
}

const slackHosts = ['hooks.slack.com', 'hooks.slack-gov.com']

/**
 * Tells one person what became of their click, seen by nobody else. Never rejects: whoever gets no answer finds it in
 * Sluice.
 */
export function slackReplies({
  clock,
  report,
  hosts = slackHosts,
}: SlackReplyPorts): (url: string, text: string) => Promise<void> {
  return async (url, text) => {
    try {
      // The callback is signed, but a key can be stolen: then this must not be a way to reach other machines.
      if (!hosts.includes(URL.parse(url)?.host ?? '')) throw new Error('the address is not Slack’s')
      const body = JSON.stringify({
        response_type: 'ephemeral',
        replace_original: false,
        text: slackEscaped(text),
      })
      const headers = { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'sluice' }
      const { status } = await post({ url, headers, body }, 0, clock, new AbortController().signal)
      if (status >= 300) throw new Error(`it answered ${status}`)
    } catch (error) {
      report('somebody in Slack was not told what became of their vote', error)
    }
  }
}
