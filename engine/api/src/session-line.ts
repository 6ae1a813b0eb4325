import { visible, type OpenSession } from '@sluice/core'

/** A session as lists and the stream show it. */
export interface SessionLine {
  readonly id: string
  /** `lost`: its gateway was, and nobody knows what became of what it was doing. */
  readonly state: 'open' | 'closed' | 'lost'
  readonly gateway: string
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly protocol: string
  readonly client_ip: string
  readonly application: string | null
  readonly run: string | null
  readonly opened_at: string
  /** The id of the token by which it lives, or lived last. */
  readonly token_id: string
  readonly token_expires_at: string
  readonly requests: number
  readonly denied: number
  readonly rows: number
  readonly bytes: number
  readonly tokens: number
  readonly cost_micros: number
  readonly in_flight: number
}

/** A session as the log tells of it, at whichever gateway it is or was. */
export interface SessionRecord {
  readonly id: string
  readonly state: SessionLine['state']
  readonly gateway: string
  readonly target: string
  readonly protocol: string
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly client_ip: string
  readonly application: string | null
  readonly run: string | null
  readonly opened_ms: number
  readonly token_id: string
  readonly token_expires_ms: number
  readonly requests: number
  readonly denied: number
  readonly rows: number
  readonly bytes: number
  readonly tokens: number
  readonly cost_micros: number
}

export function recordedLine(record: SessionRecord): SessionLine {
  const { id, state, gateway, subject, on_behalf_of, target, protocol, client_ip } = record
  return {
    id,
    state,
    gateway,
    subject,
    on_behalf_of,
    target,
    protocol,
    client_ip,
    application: claimed(record.application),
    run: claimed(record.run),
    opened_at: new Date(record.opened_ms).toISOString(),
    token_id: record.token_id,
    token_expires_at: new Date(record.token_expires_ms).toISOString(),
    requests: record.requests,
    denied: record.denied,
    rows: record.rows,
    bytes: record.bytes,
    tokens: record.tokens,
    cost_micros: record.cost_micros,
    in_flight: 0,
  }
}

export function sessionLine(session: OpenSession): SessionLine {
  const { id, gateway, subject, target, client, run, openedAt, identity, facts } = session
  return {
    id,
    state: 'open',
    gateway,
    subject: subject.id,
    on_behalf_of: subject.on_behalf_of,
    target: target.name,
    protocol: target.protocol,
    client_ip: client.ip,
    application: claimed(client.application),
    run: claimed(run.id),
    opened_at: new Date(openedAt).toISOString(),
    token_id: identity.tokenId,
    token_expires_at: new Date(identity.expiresAt).toISOString(),
    requests: facts.requests,
    denied: facts.denied,
    rows: facts.rows,
    bytes: facts.bytes,
    tokens: facts.tokens,
    cost_micros: facts.cost_micros,
    in_flight: facts.in_flight,
  }
}

/** What a client says of itself may hold anything. */
function claimed(text: string | null): string | null {
  return text === null ? null : visible(text)
}
