import { createHmac } from 'node:crypto'

/**
 * What a webhook's receiver checks: `t=<seconds since 1970>,v1=<HMAC-SHA-256 of "<t>.<body>", hexadecimal>`. The time
 * is in it so that a receiver can refuse what somebody kept and sends again.
 */
export function signatureOf(secret: string, now: number, body: string): string {
  const t = Math.floor(now / 1_000)
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`
}
