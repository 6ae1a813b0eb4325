import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { refusal, Refused, type Clock, type Identity } from '@sluice/core'
import { castVote, type ApprovalRoutesPorts } from './approvals.ts'
import { Conflict } from './problem.ts'
import { answers, anything, text, type RouteSchema } from './schema.ts'
import { clickOf, type SlackClick } from './slack-click.ts'
import { SlackSignatures } from './slack-signature.ts'

/** Who a user of Slack is here. */
export type SlackVoter =
  | { readonly kind: 'known'; readonly identity: Identity }
  /** The configuration names no subject for them. */
  | { readonly kind: 'unmapped' }
  /** The subject has shown no token here lately: nobody can tell what it may do now. */
  | { readonly kind: 'unseen' }

export interface SlackCallbacks {
  /** With which Slack signs what it sends. */
  readonly secret: () => Promise<string>
  readonly voter: (user: string, team: string) => SlackVoter
  /** Tells who clicked, and nobody else. Never rejects. */
  readonly reply: (url: string, text: string) => Promise<void>
}

type SlackPorts = ApprovalRoutesPorts & { readonly clock: Pick<Clock, 'now'> }

const form = 'application/x-www-form-urlencoded'

const schema: RouteSchema = {
  summary: 'Clicks on the buttons of notices, from Slack',
  description: 'Signed by Slack over the body as it comes. Who clicks gets an answer in Slack.',
  body: { content: { [form]: { schema: anything } } },
  response: answers(text),
}

/**
 * Votes from Slack. Slack says who clicked, and nothing else that counts: what that person may do is what the gateway
 * knows of the subject to whom the configuration maps them, and the vote is checked like every other.
 */
export function slack(ports: SlackPorts, callbacks: SlackCallbacks): FastifyPluginAsync {
  const signatures = new SlackSignatures(ports.clock)
  return async (app) => {
    // The signature is over the bytes: nothing may read them first.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(form, { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    const config = { schema: { ...schema, security: [] } }
    app.post<{ Body: Buffer }>('/v1/notices/slack', config, async (request, reply) => {
      signatures.accept(proofOf(request), request.body, await callbacks.secret())
      const click = clickOf(request.body)
      if (click !== null) {
        const outcome = await voted(click, ports, callbacks)
        // Slack waits three seconds for this answer, and not for its own.
        void callbacks.reply(click.replyTo, outcome)
      }
      return reply.type('text/plain').send('')
    })
  }
}

function proofOf({ headers, body }: FastifyRequest): {
  readonly timestamp: string
  readonly signature: string
} {
  const timestamp = headers['x-slack-request-timestamp']
  const signature = headers['x-slack-signature']
  if (!Buffer.isBuffer(body) || typeof timestamp !== 'string' || typeof signature !== 'string')
    throw new Refused(refusal('token_refused', 'api/slack', 'This callback is not signed by Slack.'))
  return { timestamp, signature }
}

/** What became of it, for who clicked. */
async function voted(click: SlackClick, ports: SlackPorts, { voter }: SlackCallbacks): Promise<string> {
  const { user, team, vote, approval } = click
  const elsewhere = `Vote in the console, or with: sluice approvals ${vote} ${approval}`
  const who = voter(user, team)
  switch (who.kind) {
    case 'unmapped':
      return `Your vote does not count: Sluice does not know who you are in Slack. ${elsewhere}`
    case 'unseen':
      return `Your vote does not count: Sluice has not seen you lately. ${elsewhere}`
    case 'known':
  }
  try {
    const line = await castVote(who.identity, { approval, vote, reason: 'in Slack' }, ports)
    if (vote === 'reject') return `You rejected ${approval}.`
    return `You approved ${approval}: ${line.approved} of ${line.quorum}.`
  } catch (error) {
    if (error instanceof Conflict) return `Your vote does not count: ${error.message}`
    // What the log did not take in time it may still take.
    const isOpen = !(error instanceof Refused) || error.refusal.code === 'log_unavailable'
    if (!isOpen) return `Your vote does not count: ${error.refusal.message} ${elsewhere}`
    ports.report('a vote from Slack failed', error)
    return `Your vote may not have been counted. ${elsewhere}`
  }
}
