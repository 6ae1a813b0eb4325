import { limits } from '@sluice/core'
import type { Message } from './notice.ts'
import type { Answer } from './post.ts'

/** How one attempt to deliver a message ended. The reasons never hold an address, a secret or content. */
export type Delivery =
  | { readonly kind: 'delivered' }
  /** It may be otherwise later; not before `afterMs`, where the destination says so. */
  | { readonly kind: 'failed'; readonly reason: string; readonly afterMs: number }
  /** Trying again would change nothing. */
  | { readonly kind: 'refused'; readonly reason: string }

/** One way to tell people. */
export interface Medium {
  /** One attempt. A message of an id that was delivered in part is delivered to the rest. */
  deliver(message: Message, signal: AbortSignal): Promise<Delivery>
}

export const delivered: Delivery = { kind: 'delivered' }

export function failed(reason: string, afterMs: number = 0): Delivery {
  return { kind: 'failed', reason, afterMs }
}

export function refusedBy(reason: string): Delivery {
  return { kind: 'refused', reason }
}

const requestTimeout = 408
const tooManyRequests = 429

/** What an HTTP destination says by its status. A redirect is not followed: it could lead anywhere. */
export function deliveryOf({ status, retryAfterMs }: Pick<Answer, 'status' | 'retryAfterMs'>): Delivery {
  if (status >= 200 && status < 300) return delivered
  const reason = `it answered ${status}`
  const isFinal = status >= 400 && status < 500 && status !== requestTimeout && status !== tooManyRequests
  return isFinal ? refusedBy(reason) : failed(reason, retryAfterMs)
}

/** `Retry-After` of RFC 9110, in seconds or as a date, within what is heeded. */
export function retryAfterOf(header: string | undefined, now: number): number {
  if (header === undefined) return 0
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), limits.noticeRetryAfterMsMax)
}
