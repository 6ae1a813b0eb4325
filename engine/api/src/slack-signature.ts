import { createHmac } from 'node:crypto'
import { isSameSecret, limits, refusal, Refused, type Clock } from '@sluice/core'

/** What Slack sends beside a callback. */
export interface SlackProof {
  readonly timestamp: string
  readonly signature: string
}

/**
 * Whether callbacks are Slack's, of now, and not answered before. Signed is the body as it came, before anybody reads
 * anything of it.
 */
export class SlackSignatures {
  readonly #clock: Pick<Clock, 'now'>
  /** Until when each that was answered would still be of now. */
  readonly #answered = new Map<string, number>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Passes once. Throws `Refused`. */
  accept({ timestamp, signature }: SlackProof, body: Uint8Array, secret: string): void {
    const now = this.#clock.now()
    const sent = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1_000 : NaN
    if (!isSigned(`v0:${timestamp}:`, body, signature, secret)) throw untrusted('is not signed by Slack')
    if (!(Math.abs(now - sent) <= limits.slackWindowMs)) throw untrusted('is not of now')
    if (this.#answered.has(signature)) throw untrusted('was answered already')
    this.#remember(signature, sent + limits.slackWindowMs, now)
  }

  /** Only what Slack signed gets here, so nobody else fills it. */
  #remember(signature: string, until: number, now: number): void {
    for (const [old, end] of this.#answered) if (end < now) this.#answered.delete(old)
    if (this.#answered.size >= limits.slackAnsweredMax)
      throw new Refused(
        refusal('too_many', 'api/slack', 'Slack calls too often. Try again in a few minutes.'),
      )
    this.#answered.set(signature, until)
  }
}

function isSigned(head: string, body: Uint8Array, signature: string, secret: string): boolean {
  const expected = `v0=${createHmac('sha256', secret).update(head).update(body).digest('hex')}`
  return isSameSecret(signature, expected)
}

function untrusted(why: string): Refused {
  return new Refused(refusal('token_refused', 'api/slack', `This callback ${why}.`))
}
