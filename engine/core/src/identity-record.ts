import type { EventData } from './events.ts'
import type { Identity } from './request.ts'

/** Who a session speaks for, as SessionOpened and SessionExtended record it. */
export function identityRecord(
  identity: Identity,
): Pick<EventData['SessionExtended'], 'subject' | 'claims' | 'token_id' | 'token_expires_ms'> {
  const { id, type, issuer, groups, on_behalf_of, claims } = identity.subject
  return {
    subject: { id, type, issuer, groups, on_behalf_of },
    claims: JSON.stringify(claims),
    token_id: identity.tokenId,
    token_expires_ms: identity.expiresAt,
  }
}
