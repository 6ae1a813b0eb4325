import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'pg'
import { bodyOf, say, startKeyedApi, type KeyedApi } from './keyed-api.ts'
import type { Postgres } from './postgres.ts'

interface ShopApiOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** Whoever has it may do everything. */
  readonly key: string
  readonly database: Pick<Postgres, 'host' | 'port' | 'app'>
}

const pageMax = 100
const bodyBytesMax = 65_536
const eventMs = 100

/**
 * The shop as an HTTP API, over the same rows: what an application of its own would talk to. Its answers hold the
 * personal data of customers, also in the stream of events, and it asks for a key that only the gateway has.
 */
export async function startShopApi({ port, key, database }: ShopApiOptions): Promise<KeyedApi> {
  const rows = new Pool({ host: database.host, port: database.port, ...database.app, max: 4 })
  rows.on('error', () => {})
  const api = await startKeyedApi({
    port,
    key,
    answer: (request, response) => answered(request, response, rows),
    error: (message) => ({ error: message }),
  })
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await api.close()
    await rows.end()
  }
  return { ...api, close: () => (closing ??= close()) }
}

async function answered(request: IncomingMessage, response: ServerResponse, rows: Pool): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://shop')
  const [, collection = '', id] = url.pathname.split('/')
  const route = `${request.method} /${collection}${id === undefined ? '' : '/:id'}`
  switch (route) {
    case 'GET /customers':
    case 'GET /orders':
      return say(response, 200, { [collection]: await page(rows, collection, url.searchParams) })
    case 'GET /customers/:id':
    case 'GET /orders/:id': {
      const [found] = await one(rows, collection, id)
      return found === undefined ? say(response, 404, { error: 'not found' }) : say(response, 200, found)
    }
    case 'POST /orders':
      return say(response, 201, await ordered(rows, await bodyOf(request, bodyBytesMax)))
    case 'DELETE /orders/:id': {
      const { rowCount } = await rows.query('DELETE FROM orders WHERE id = $1', [Number(id)])
      return say(response, rowCount === 0 ? 404 : 200, { deleted: rowCount })
    }
    case 'GET /events':
      return events(response, rows)
    default:
      if (collection === 'admin') return say(response, 200, { done: url.pathname })
      return say(response, 404, { error: 'not found' })
  }
}

async function page(rows: Pool, table: string, asked: URLSearchParams): Promise<readonly unknown[]> {
  const limit = Math.min(pageMax, Number(asked.get('limit') ?? 20) || 20)
  const after = Number(asked.get('after') ?? 0) || 0
  const found = await rows.query(`SELECT * FROM ${table} WHERE id > $1 ORDER BY id LIMIT $2`, [after, limit])
  return found.rows as readonly unknown[]
}

async function one(rows: Pool, table: string, id: string | undefined): Promise<readonly unknown[]> {
  const found = await rows.query(`SELECT * FROM ${table} WHERE id = $1`, [Number(id) || 0])
  return found.rows as readonly unknown[]
}

async function ordered(rows: Pool, body: string): Promise<unknown> {
  const { customer_id: customer, total } = JSON.parse(body) as { customer_id?: unknown; total?: unknown }
  const made = await rows.query('INSERT INTO orders (customer_id, total) VALUES ($1, $2) RETURNING *', [
    Number(customer),
    Number(total),
  ])
  return made.rows[0]
}

/** What happens in the shop, as server-sent events. */
async function events(response: ServerResponse, rows: Pool): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const { rows: customers } = await rows.query('SELECT id, email, card FROM customers ORDER BY id LIMIT 10')
  for (const [index, customer] of customers.entries()) {
    if (response.destroyed) return
    response.write(`id: ${index + 1}\nevent: paid\ndata: ${JSON.stringify(customer)}\n\n`)
    await sleep(eventMs)
  }
  response.end()
}
