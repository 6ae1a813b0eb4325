import type { Refusal, RefusalCode } from '@sluice/core'
import { back } from './messages.ts'
import { buildError } from './wire.ts'

/** SQLSTATE of each refusal; those that a client library maps to its own exceptions are chosen for that. */
const states: { readonly [Code in RefusalCode]: string } = {
  denied: '42501',
  pending: 'SL001',
  malformed: '42601',
  too_large: '54000',
  too_many: '53300',
  token_refused: '28000',
  token_expired: '57P01',
  target_unknown: '3D000',
  target_unreachable: '08006',
  recogniser_unavailable: '57P03',
  log_unavailable: '57P03',
  policy_error: '42501',
  cancelled: '57014',
  draining: '57P01',
  internal: 'XX000',
}

/** A SQLSTATE is five of these; anything else would break the client's parser. */
const sqlstate = /^[0-9A-Z]{5}$/

export function stateOf(refusal: Refusal): string {
  const native = refusal.native
  return native !== undefined && sqlstate.test(native) ? native : states[refusal.code]
}

/** `ERROR` ends a statement, `FATAL` the connection. */
export function refuse(refusal: Refusal, severity: 'ERROR' | 'FATAL' = 'ERROR'): Buffer {
  return buildError(
    back.errorResponse,
    new Map([
      ['S', severity],
      ['V', severity],
      ['C', stateOf(refusal)],
      ['M', refusal.message],
      ...(refusal.hint === undefined ? [] : [['H', refusal.hint] as const]),
      ...(refusal.position === undefined ? [] : [['P', String(refusal.position)] as const]),
    ]),
  )
}
