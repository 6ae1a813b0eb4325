/** A click of somebody in Slack on one of our buttons. */
export interface SlackClick {
  readonly user: string
  readonly team: string
  readonly vote: 'approve' | 'reject'
  readonly approval: string
  /** Where who clicked is answered. */
  readonly replyTo: string
}

/** By the ids under which notices send their buttons. */
const votes: Readonly<Record<string, SlackClick['vote']>> = {
  sluice_approve: 'approve',
  sluice_reject: 'reject',
}

interface Payload {
  readonly type?: unknown
  readonly user?: { readonly id?: unknown; readonly team_id?: unknown }
  readonly team?: { readonly id?: unknown } | null
  readonly response_url?: unknown
  readonly actions?: readonly ({ readonly action_id?: unknown; readonly value?: unknown } | null)[]
}

/** The click that a callback tells of; `null` when it tells of something else, or is not what Slack sends. */
export function clickOf(body: Uint8Array): SlackClick | null {
  const payload = payloadOf(body)
  if (payload?.type !== 'block_actions' || !Array.isArray(payload.actions)) return null
  const user = payload.user?.id
  const team = payload.user?.team_id ?? payload.team?.id
  const replyTo = payload.response_url
  if (typeof user !== 'string' || typeof team !== 'string' || typeof replyTo !== 'string') return null
  for (const action of payload.actions) {
    const { action_id: id, value } = action ?? {}
    const vote = typeof id === 'string' && Object.hasOwn(votes, id) ? votes[id] : undefined
    if (vote !== undefined && typeof value === 'string' && /^apr_[0-9A-Z]{26}$/.test(value))
      return { user, team, vote, approval: value, replyTo }
  }
  return null
}

function payloadOf(body: Uint8Array): Payload | null {
  try {
    const text = new URLSearchParams(Buffer.from(body).toString()).get('payload') ?? ''
    const payload: unknown = JSON.parse(text)
    return typeof payload === 'object' ? payload : null
  } catch {
    return null
  }
}
