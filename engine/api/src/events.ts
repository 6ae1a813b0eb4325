import { Readable } from 'node:stream'
import type { FastifyPluginAsync } from 'fastify'
import {
  isSameCaller,
  refusal,
  Refused,
  type EventStore,
  type Position,
  type RecordedEvent,
  type Subject,
} from '@sluice/core'
import type { ApiBounds } from './bounds.ts'
import { caller } from './caller.ts'
import { keptAlive } from './kept-alive.ts'
import { callerAs, rolesOf, type RoleGroups, type RolePorts } from './roles.ts'
import { text } from './schema.ts'
import { whileGood, type WhileGoodPorts } from './while-good.ts'

interface EventPorts extends RolePorts, WhileGoodPorts {
  readonly store: Pick<EventStore, 'read' | 'subscribe'>
}

interface EventQuery {
  readonly since_ms?: number
  readonly session?: string
  readonly last?: number
  readonly follow?: boolean
  readonly after?: Position
  readonly whole?: boolean
  readonly types?: string
}

const querystring = {
  type: 'object',
  additionalProperties: false,
  properties: {
    since_ms: { type: 'number', minimum: 0 },
    session: { type: 'string', pattern: '^ses_[0-9A-Z]{26}$' },
    last: { type: 'integer', minimum: 1, maximum: 100_000 },
    follow: { type: 'boolean', description: 'What comes as well; an empty line when nothing comes.' },
    after: {
      type: 'string',
      maxLength: 8_192,
      description: 'The position of an event: only what follows it.',
    },
    whole: { type: 'boolean', description: 'Refuse rather than leave out what the caller may not see.' },
    types: {
      type: 'string',
      maxLength: 2_000,
      pattern: '^[A-Za-z]+(,[A-Za-z]+)*$',
      description: 'Only events of these types, e.g. `RequestReceived,DecisionMade`.',
    },
  },
} as const

const schema = {
  summary: 'The log as JSON lines, oldest first; without content',
  querystring,
  response: {
    200: { description: 'One event each line.', content: { 'application/x-ndjson': { schema: text } } },
  },
} as const

/**
 * GET /v1/events: the log as JSON lines, oldest first. An auditor reads everything, anybody else the sessions of
 * their own subject, acting for the same person if any; and each no longer than their token is good. Sealed content is never part of it.
 */
export function events(
  ports: EventPorts,
  { heartbeatMs }: Pick<ApiBounds, 'heartbeatMs'>,
): FastifyPluginAsync {
  return async (app) => {
    app.get<{ Querystring: EventQuery }>(
      '/v1/events',
      { schema, exposeHeadRoute: false },
      async (request, reply) => {
        const { after, whole = false } = request.query
        const identity = whole
          ? await callerAs(request, ports, 'auditor')
          : await caller(request, ports.authenticator)
        if (after !== undefined) await refuseUnknown(ports.store, after)
        const gone = new AbortController()
        // Whoever follows for longer shows that they still may.
        const good = whileGood(identity, ports)
        reply.raw.once('close', () => {
          gone.abort()
          good[Symbol.dispose]()
        })
        const visible = visibleTo(identity.subject, ports.roles)
        const signal = AbortSignal.any([gone.signal, good.signal])
        const lines = select(ports.store, request.query, visible, signal)
        const told = request.query.follow === true ? keptAlive(lines, heartbeatMs, ports.clock) : lines
        return reply.type('application/x-ndjson').send(Readable.from(told))
      },
    )
  }
}

/** Once the answer has begun it is too late to say that there is no such position. */
async function refuseUnknown(store: EventPorts['store'], after: Position): Promise<void> {
  try {
    for await (const _event of store.read(after)) return
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const what = 'There is no such position in the log, or what followed it was removed by retention.'
    throw new Refused(refusal('malformed', 'api/events', what), { cause: error })
  }
}

async function* select(
  store: EventPorts['store'],
  query: EventQuery,
  visible: (event: RecordedEvent) => boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const types = query.types === undefined ? undefined : new Set(query.types.split(','))
  const wanted = (event: RecordedEvent): boolean =>
    visible(event) &&
    (types === undefined || types.has(event.type)) &&
    event.time >= (query.since_ms ?? 0) &&
    (query.session === undefined || event.stream === query.session)
  const kept: RecordedEvent[] = []
  let position = query.after
  for await (const event of store.read(query.after)) {
    if (signal.aborted) return
    position = event.position
    if (!wanted(event)) continue
    if (query.last === undefined) yield line(event)
    else if (kept.push(event) > query.last) kept.shift()
  }
  for (const event of kept) yield line(event)
  if (query.follow !== true) return
  for await (const event of store.subscribe(position, signal)) if (wanted(event)) yield line(event)
}

/** A session's first event says whose it is; what belongs to no session is for auditors. */
function visibleTo(subject: Subject, roles: RoleGroups): (event: RecordedEvent) => boolean {
  if (rolesOf(subject, roles).has('auditor')) return () => true
  const own = new Set<string>()
  return (event) => {
    if (event.type === 'SessionOpened' && isSameCaller(event.data.subject, subject)) own.add(event.stream)
    return own.has(event.stream)
  }
}

/** The event's own field names; hashes in hexadecimal, ciphertext as its length. */
function line(event: RecordedEvent): string {
  const { hash, prev_hash, sig, sealed, data, ...rest } = event
  const shown = {
    ...rest,
    data: event.type === 'Unknown' ? { bytes: event.data.length } : data,
    sealed_bytes: sealed?.length ?? 0,
    prev_hash: Buffer.from(prev_hash).toString('hex'),
    hash: Buffer.from(hash).toString('hex'),
    sig: sig === null ? null : Buffer.from(sig).toString('hex'),
  }
  return `${JSON.stringify(shown, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))}\n`
}
