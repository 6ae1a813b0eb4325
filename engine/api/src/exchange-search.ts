import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { refusal, Refused, type EventStore } from '@sluice/core'
import { actedFirst, type ActedPorts } from './acted.ts'
import { caller } from './caller.ts'
import { holding } from './content-search.ts'
import type { ExchangeRecord, ExchangeRecords, ExchangesWanted } from './exchange-records.ts'
import type { ContentPorts } from './recording-session.ts'
import { callerAs, type RolePorts } from './roles.ts'
import {
  answers,
  count,
  flag,
  list,
  nullable,
  object,
  oneOf,
  options,
  short,
  text,
  time,
  type JsonSchema,
  type RouteSchema,
} from './schema.ts'
import { narrowed } from './session-sight.ts'

export interface SearchPorts extends RolePorts, ActedPorts, Pick<ContentPorts, 'unseal'> {
  readonly store: Pick<EventStore, 'append' | 'read'>
  readonly exchanges: ExchangeRecords
}

/** An exchange as a search shows it. */
export interface FoundLine extends Omit<ExchangeRecord, 'at_ms'> {
  readonly at: string
}

/** What was found, newest first; `next` asks for what is older, and is `null` when there is nothing. */
export interface FoundPage {
  readonly exchanges: readonly FoundLine[]
  readonly next: string | null
}

type Asked = Omit<ExchangesWanted, 'before'> & { readonly before?: string; readonly content?: boolean }

const placePattern = /^(\d{1,16})\.(exc_[0-9A-Z]{26})$/

const foundLineSchema: JsonSchema = object({
  exchange: text,
  session: text,
  at: time,
  subject: text,
  on_behalf_of: nullable(text),
  target: text,
  run: nullable(text),
  summary: text,
  bytes: count,
  effect: nullable(text),
  rule: nullable(text),
  reason: nullable(text),
  decision: nullable(text),
  revision: nullable(text),
  outcome: text,
  status: nullable(text),
  rows: count,
  masked: count,
  micros: nullable(count),
})

const schema: RouteSchema = {
  summary: 'Exchanges of all sessions, newest first: one’s own, or everybody’s for auditors and admins',
  querystring: options({
    subject: short,
    target: short,
    run: short,
    rule: short,
    table: { ...short, description: '`schema.name`' },
    action: short,
    effect: { ...oneOf('allow', 'deny', 'hold'), description: 'Of the last decision.' },
    text: { ...short, description: 'In actions, relations, rules, reasons and the target’s status.' },
    content: { ...flag, description: 'Also in what was recorded: for auditors, and in the log itself.' },
    since_ms: count,
    until_ms: count,
    before: {
      type: 'string',
      pattern: placePattern.source,
      description: '`next` of the page before.',
    },
    last: { type: 'integer', minimum: 1, maximum: 1_000, default: 50 },
  }),
  response: answers(
    object({
      exchanges: list(foundLineSchema),
      next: nullable(text),
    }),
    403,
    503,
  ),
}

/** GET /v1/exchanges. */
export function exchangeSearch(ports: SearchPorts): FastifyPluginAsync {
  return async (app) => {
    app.get<{ Querystring: Asked }>('/v1/exchanges', { schema }, async (request, reply) => {
      const { subject } = await caller(request, ports.authenticator)
      const { content = false, ...asked } = request.query
      // Each record is authorised by whose it is.
      const own = narrowed(asked.subject, subject, ports.roles)
      if (own === null) return page([], 1)
      const wanted = { ...asked, ...own, before: placeOf(asked.before) }
      if (!content) return page(await ports.exchanges.search(wanted), wanted.last)
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      return searchContent(request, wanted, ports, gone.signal)
    })
  }
}

/** So many are looked into for one page: the log is read for each. */
const lookedIntoMax = 10_000

async function searchContent(
  request: FastifyRequest,
  { text: sought, ...wanted }: ExchangesWanted,
  ports: SearchPorts,
  gone: AbortSignal,
): Promise<FoundPage> {
  const identity = await callerAs(request, ports, 'auditor')
  if (sought === undefined)
    throw new Refused(refusal('malformed', 'api/search', 'Say which text is to be found.'))
  // Who looks for a value writes it down: it is content, and has no place in the record of who read content.
  const { last, before: _before, ...by } = wanted
  const details = { search: JSON.stringify(by), text_chars: String(sought.length) }
  await actedFirst(ports, identity, {
    action: 'content.read',
    resource: 'exchanges',
    outcome: 'done',
    details,
  })
  const among = await ports.exchanges.search({ ...wanted, last: lookedIntoMax })
  const told = new Set(
    (await ports.exchanges.search({ ...wanted, text: sought, last: lookedIntoMax })).map(
      ({ exchange }) => exchange,
    ),
  )
  const held = await holding(sought, among, ports, gone)
  const found = among.filter(({ exchange }) => told.has(exchange) || held.has(exchange))
  if (found.length > last || among.length < lookedIntoMax) return page(found, last)
  return { ...page(found, last), next: nextOf(among.at(-1)) }
}

function page(found: readonly ExchangeRecord[], last: number): FoundPage {
  const shown = found.slice(0, last)
  const more = found.length >= last
  return {
    exchanges: shown.map(foundLine),
    next: more ? nextOf(shown.at(-1)) : null,
  }
}

export function foundLine({ at_ms, ...rest }: ExchangeRecord): FoundLine {
  return { ...rest, at: new Date(at_ms).toISOString() }
}

export function placeText({ at_ms, exchange }: Pick<ExchangeRecord, 'at_ms' | 'exchange'>): string {
  return `${at_ms}.${exchange}`
}

function nextOf(record: ExchangeRecord | undefined): string | null {
  return record === undefined ? null : placeText(record)
}

/** What `nextOf` gave; `undefined` for what it did not. */
export function placeOf(place: string | undefined): ExchangesWanted['before'] {
  const [, at, exchange] = placePattern.exec(place ?? '') ?? []
  return at === undefined || exchange === undefined ? undefined : { at_ms: Number(at), exchange }
}
