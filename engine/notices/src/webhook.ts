import type { Clock } from '@sluice/core'
import { deliveryOf, failed, type Medium } from './delivery.ts'
import { payloadOf } from './payload.ts'
import { post, PostError } from './post.ts'
import { signatureOf } from './signature.ts'
import type { Link } from './told.ts'

export interface WebhookOptions {
  /** Read anew for each attempt, so that a changed one is used at once. */
  readonly url: () => Promise<string>
  readonly secret: () => Promise<string>
  readonly authority?: string | undefined
  readonly link: Link
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/** Signed JSON for a program. It may get a message twice, and knows it by its id. */
export function webhook({ url, secret, authority, link, clock }: WebhookOptions): Medium {
  let turn = 0
  return {
    async deliver(message, signal) {
      const body = JSON.stringify(payloadOf(message, link))
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'sluice',
        'idempotency-key': `"${message.id}"`,
        'sluice-delivery': message.id,
        'sluice-signature': signatureOf(await secret(), clock.now(), body),
      }
      try {
        return deliveryOf(await post({ url: await url(), headers, body, authority }, turn++, clock, signal))
      } catch (error) {
        if (error instanceof PostError) return failed(error.message)
        throw error
      }
    },
  }
}
