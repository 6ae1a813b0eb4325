import { createHmac } from 'node:crypto'
import type { Clock } from '@sluice/core'
import { jsonOf, type Parcel } from '../parcel.ts'
import { delivered, failed, refusedBy, type Delivery, type Sink } from '../sink.ts'
import { failedBy, Poster, PostError, refusing, type Answer, type Receiver } from './post.ts'

export interface HttpOptions extends Receiver {
  /** `ndjson`: one document each line; `array`: one JSON array. */
  readonly shape: 'ndjson' | 'array'
  /** Signs the body, read anew for each attempt; `null`: it is not signed. */
  readonly secret: (() => Promise<string>) | null
  /** For `Authorization: Bearer`. */
  readonly token: (() => Promise<string>) | null
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/**
 * Any program that takes JSON by POST. It may get a document twice, and knows it by its id: 2xx says that it has all,
 * 400, 413 and 422 that something in it is wrong, and anything else to come back.
 */
export function http(options: HttpOptions): Sink {
  const poster = new Poster(options, options.clock)
  return {
    async deliver(batch, signal): Promise<Delivery> {
      const body = bodyOf(batch, options.shape)
      const headers = await headersOf(batch, body, options)
      try {
        return deliveryOf(await poster.post({ path: '', headers, body }, signal))
      } catch (error) {
        if (error instanceof PostError) return failed(error.message)
        throw error
      }
    },
    close: async () => poster.close(),
  }
}

/** What a receiver checks: `t=<seconds since 1970>,v1=<HMAC-SHA-256 of "<t>.<body>", hexadecimal>`. */
export function signatureOf(secret: string, now: number, body: string): string {
  const t = Math.floor(now / 1_000)
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`
}

function bodyOf(batch: readonly Parcel[], shape: HttpOptions['shape']): string {
  const documents = batch.map(jsonOf)
  return shape === 'array' ? `[${documents.join(',')}]` : `${documents.join('\n')}\n`
}

async function headersOf(
  batch: readonly Parcel[],
  body: string,
  { shape, secret, token, clock }: HttpOptions,
): Promise<Readonly<Record<string, string>>> {
  const [first, last] = [batch[0]?.id ?? '', batch.at(-1)?.id ?? '']
  return {
    'content-type': shape === 'array' ? 'application/json' : 'application/x-ndjson',
    'idempotency-key': `"${first}..${last}"`,
    ...(token === null ? {} : { authorization: `Bearer ${await token()}` }),
    ...(secret === null ? {} : { 'sluice-signature': signatureOf(await secret(), clock.now(), body) }),
  }
}

function deliveryOf(answer: Answer): Delivery {
  const { status } = answer
  if (status >= 200 && status < 300) return delivered
  return refusing.has(status) ? refusedBy(`it answered ${status}`) : failedBy(answer)
}
