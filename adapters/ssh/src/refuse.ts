import type { Refusal, RefusalCode } from '@sluice/core'
import type { Reply } from './replies.ts'

/**
 * Exit status of each refusal: 126, as of a command that a shell finds and may not run, where the request itself is
 * refused; 255, as of a connection that failed, where another attempt may help.
 */
const statuses: { readonly [Code in RefusalCode]: 126 | 255 } = {
  denied: 126,
  pending: 126,
  malformed: 126,
  too_large: 126,
  too_many: 255,
  token_refused: 255,
  token_expired: 255,
  target_unknown: 255,
  target_unreachable: 255,
  recogniser_unavailable: 255,
  log_unavailable: 255,
  policy_error: 126,
  cancelled: 126,
  draining: 255,
  internal: 255,
}

/** The reason on stderr, then the exit status. A terminal in raw mode goes back to the first column by `\r` alone. */
export function refuse({ code, message, link }: Refusal, lineEnd: '\n' | '\r\n' = '\n'): readonly Reply[] {
  const where = link === undefined ? '' : `${lineEnd}sluice: ${link}`
  return [said(`${message}${where}`, lineEnd), { kind: 'exit', status: statuses[code] }]
}

/** A line of the gateway's own. */
export function said(text: string, lineEnd: '\n' | '\r\n'): Reply {
  return { kind: 'stderr', bytes: Buffer.from(`sluice: ${text}${lineEnd}`) }
}
