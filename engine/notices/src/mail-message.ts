import { lineOf } from './line.ts'
import type { Message } from './notice.ts'
import { told, type Link } from './told.ts'

export interface Mail {
  readonly subject: string
  readonly text: string
}

const subjectCharsMax = 120

/**
 * A mail as plain text. Every text of a request is one line behind its name, so that none can add a header, or a line
 * that looks like ours.
 */
export function mailOf(message: Message, link: Link): Mail {
  const { title, facts, link: page, votable } = told(message, link)
  const look = page === null ? [] : ['', 'Look at it (this changes nothing):', page]
  const vote =
    votable === null
      ? []
      : ['', 'Decide:', `sluice approvals approve ${votable}`, `sluice approvals reject ${votable}`]
  return {
    subject: lineOf(`[Sluice] ${title}`, subjectCharsMax),
    text: [title, '', ...facts.map(([name, value]) => `${name}: ${value}`), ...look, ...vote, ''].join('\n'),
  }
}
