import type { Clock } from '@sluice/core'
import { jsonOf, type Parcel } from '../parcel.ts'
import { delivered, failed, refusedBy, type Delivery, type Sink } from '../sink.ts'
import { failedBy, Poster, PostError, refusing, type Answer, type Receiver } from './post.ts'

export interface ElasticOptions extends Receiver {
  /** An index, an alias or a data stream. */
  readonly index: string
  readonly login: ElasticLogin | null
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/** Read anew for each attempt. */
export type ElasticLogin =
  | { readonly kind: 'api_key'; readonly key: () => Promise<string> }
  | { readonly kind: 'basic'; readonly user: string; readonly password: () => Promise<string> }

/** Only what is looked at. */
const filter = 'errors,items.*.status,items.*.error.type,items.*.error.reason'
const request = { path: '/_bulk', search: `?filter_path=${encodeURIComponent(filter)}` }

const conflict = 409

/**
 * Elasticsearch or OpenSearch, by `_bulk`. The id of a document is that of its event and it is only ever created: a
 * repeat is a conflict, which says that it is there. Each document has its own answer.
 */
export function elastic(options: ElasticOptions): Sink {
  const poster = new Poster(options, options.clock)
  return {
    async deliver(batch, signal): Promise<Delivery> {
      const headers = { 'content-type': 'application/x-ndjson', ...(await authorization(options.login)) }
      const body = batch.map((parcel) => createOf(parcel, options.index)).join('')
      try {
        return deliveryOf(await poster.post({ ...request, headers, body }, signal), batch.length)
      } catch (error) {
        if (error instanceof PostError) return failed(error.message)
        throw error
      }
    },
    close: async () => poster.close(),
  }
}

async function authorization(login: ElasticLogin | null): Promise<Readonly<Record<string, string>>> {
  if (login === null) return {}
  if (login.kind === 'api_key') return { authorization: `ApiKey ${await login.key()}` }
  const pair = Buffer.from(`${login.user}:${await login.password()}`, 'utf8').toString('base64')
  return { authorization: `Basic ${pair}` }
}

function createOf(parcel: Parcel, index: string): string {
  return `${JSON.stringify({ create: { _index: index, _id: parcel.id } })}\n${jsonOf(parcel)}\n`
}

interface Item {
  readonly status: number
  readonly error: string
}

function deliveryOf(answer: Answer, count: number): Delivery {
  const { status, body } = answer
  // One document may be so wrong, or so long, that the request is not read.
  if (refusing.has(status)) return refusedBy(`it answered ${status}`)
  if (status !== 200) return failedBy(answer)
  const items = itemsOf(body)
  if (items === undefined || items.length !== count) return failed('its answer was not one of _bulk')
  return sorted(items)
}

function sorted(items: readonly Item[]): Delivery {
  const at = items.map((item, index) => ({ ...item, at: index })).filter((item) => !isThere(item))
  if (at.length === 0) return delivered
  const refused = at.filter(isToBlame)
  const left = at.filter((item) => !isToBlame(item))
  return {
    kind: 'sorted',
    refused: refused.map(({ at: index, status, error }) => ({
      at: index,
      reason: `it answered ${status}: ${error}`,
    })),
    left: left.map(({ at: index }) => index),
    reason: left.map(({ status, error }) => `it answered ${status}: ${error}`)[0] ?? '',
    afterMs: 0,
  }
}

function isThere({ status }: Item): boolean {
  return (status >= 200 && status < 300) || status === conflict
}

/** The document does not fit the mapping. A missing index or right is put right by somebody. */
function isToBlame({ status }: Item): boolean {
  return status === 400
}

function itemsOf(body: string): readonly Item[] | undefined {
  try {
    const { items } = JSON.parse(body) as { readonly items?: unknown }
    if (!Array.isArray(items)) return undefined
    const read = items.map(itemOf)
    return read.every((item) => item !== undefined) ? read : undefined
  } catch {
    return undefined
  }
}

function itemOf(value: unknown): Item | undefined {
  const { create } = (value ?? {}) as {
    readonly create?: { readonly status?: unknown; readonly error?: unknown }
  }
  if (typeof create?.status !== 'number') return undefined
  const { type, reason } = (create.error ?? {}) as { readonly type?: unknown; readonly reason?: unknown }
  return {
    status: create.status,
    error: [type, reason].filter((part) => typeof part === 'string').join(', '),
  }
}
