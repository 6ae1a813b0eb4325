import type { Message } from './notice.ts'
import { slackCode, slackEscaped } from './mrkdwn.ts'
import { told, type Link, type Told } from './told.ts'

/** Of a click on one of our buttons, as Slack gives it back. */
export const slackActions = { approve: 'sluice_approve', reject: 'sluice_reject' } as const

export interface SlackBlock {
  readonly type: string
  readonly [part: string]: unknown
}

export interface SlackMessage {
  /** What is shown where blocks are not: notifications, screen readers. */
  readonly text: string
  readonly blocks: readonly SlackBlock[]
  /** Nothing of it is fetched by Slack. */
  readonly unfurl_links: false
  readonly unfurl_media: false
}

/** Characters that Slack takes of one text, and of a title. */
const sectionCharsMax = 2_900
const headerCharsMax = 150

/** `votes`: clicks come back to this gateway, so that its buttons do something. */
export function slackMessage(message: Message, votes: boolean, link: Link): SlackMessage {
  const { title, facts, link: page, votable } = told(message, link)
  const lines = facts.map(([name, value]) => `${slackEscaped(name)}: ${slackCode(value)}`)
  const look = page === null ? [] : [`<${page}|Look at it in Sluice> (looking changes nothing)`]
  return {
    text: slackEscaped(title),
    blocks: [
      { type: 'header', text: plain(title.slice(0, headerCharsMax)) },
      ...sections([...lines, ...look]),
      ...(votes && votable !== null ? [buttons({ title, votable })] : []),
    ],
    unfurl_links: false,
    unfurl_media: false,
  }
}

/** As few as hold all lines. */
function sections(lines: readonly string[]): readonly SlackBlock[] {
  const texts: string[] = []
  for (const line of lines) {
    const last = texts.at(-1)
    if (last !== undefined && last.length + 1 + line.length <= sectionCharsMax)
      texts[texts.length - 1] = `${last}\n${line}`
    else texts.push(line)
  }
  return texts.map((text) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }))
}

function buttons({ title, votable }: Pick<Told, 'title'> & { readonly votable: string }): SlackBlock {
  const confirm = {
    title: plain('Approve exactly this request?'),
    text: plain(`${title}. Its values are not shown here: look at it in Sluice first.`.slice(0, 300)),
    confirm: plain('Approve'),
    deny: plain('Go back'),
  }
  const button = (text: string, action_id: string, more: object): object => ({
    type: 'button',
    text: plain(text),
    action_id,
    value: votable,
    ...more,
  })
  return {
    type: 'actions',
    elements: [
      button('Approve', slackActions.approve, { style: 'primary', confirm }),
      button('Reject', slackActions.reject, { style: 'danger' }),
    ],
  }
}

function plain(text: string): object {
  return { type: 'plain_text', text, emoji: false }
}
