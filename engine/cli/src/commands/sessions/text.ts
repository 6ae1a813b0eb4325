import type { ExchangeLine, SessionLine } from '@sluice/api'
import { printable } from '../../printable.ts'
import { table } from '../../table.ts'

export function sessionsText(sessions: readonly SessionLine[]): string {
  if (sessions.length === 0) return 'There is no session that you may see.\n'
  return table(
    [
      'session',
      'state',
      'subject',
      'target',
      'from',
      'since',
      'requests',
      'denied',
      'rows',
      'running',
      'gateway',
      'run',
    ],
    sessions.map((session) => [
      session.id,
      session.state,
      session.subject,
      session.target,
      session.client_ip,
      second(session.opened_at),
      String(session.requests),
      String(session.denied),
      String(session.rows),
      String(session.in_flight),
      session.gateway,
      session.run ?? '',
    ]),
  )
}

export function sessionText(session: SessionLine): string {
  const {
    id,
    state,
    gateway,
    subject,
    on_behalf_of: person,
    target,
    protocol,
    client_ip: ip,
    application,
  } = session
  const behind = person === null ? '' : ` on behalf of ${person}`
  const lines = [
    `${id}  ${state} at ${gateway}`,
    `  who      ${subject}${behind} from ${ip} (${application ?? 'names no application'})`,
    `  target   ${target} (${protocol})`,
    `  since    ${session.opened_at}; token ${session.token_id} until ${session.token_expires_at}`,
    `  run      ${session.run ?? 'none'}`,
    `  so far   ${session.requests} requests, ${session.denied} denied, ${session.rows} rows, ${session.bytes} bytes${tokensText(session)}`,
  ]
  return lines.map((line) => `${printable(line)}\n`).join('')
}

export function exchangesText(exchanges: readonly ExchangeLine[]): string {
  if (exchanges.length === 0) return ''
  return table(
    ['at', 'action', 'effect', 'rule', 'outcome', 'rows', 'masked', 'relations'],
    exchanges.map((exchange) => [
      second(exchange.at),
      exchange.action,
      exchange.effect ?? '',
      exchange.rule ?? '',
      [exchange.outcome, exchange.status ?? ''].join(' ').trimEnd(),
      String(exchange.rows),
      String(exchange.masked),
      exchange.relations.join(', '),
    ]),
  )
}

function second(time: string): string {
  return time.slice(0, 19).replace('T', ' ')
}

/** Where a language model was spoken to. What it costs is in the currency of the price list, which has no name here. */
function tokensText({ tokens, cost_micros }: Pick<SessionLine, 'tokens' | 'cost_micros'>): string {
  if (tokens === 0) return ''
  return `, ${tokens} tokens${cost_micros === 0 ? '' : ` for ${(cost_micros / 1_000_000).toFixed(6)}`}`
}
