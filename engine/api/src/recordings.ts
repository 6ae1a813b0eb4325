import { Readable } from 'node:stream'
import type { FastifyPluginAsync } from 'fastify'
import {
  isSameCaller,
  type Clock,
  type EventStore,
  type Identity,
  type OpenSessions,
  type Revocations,
} from '@sluice/core'
import { acted, actedFirst, type ActedPorts } from './acted.ts'
import { caller } from './caller.ts'
import { absent } from './exchanges.ts'
import type { ApiBounds } from './bounds.ts'
import { jsonLine } from './json-line.ts'
import { keptAlive } from './kept-alive.ts'
import { replay } from './recording-order.ts'
import type { ContentPorts } from './recording-session.ts'
import { isoTime } from './iso-time.ts'
import type { RecordingStep } from './recording-step.ts'
import { rolesOf, type RolePorts } from './roles.ts'
import { flag, idOf, options, text } from './schema.ts'
import type { SessionRecords } from './session-records.ts'
import { recordedOwner, type Owner } from './session-sight.ts'
import { whileGood } from './while-good.ts'

export interface RecordingPorts extends RolePorts, ActedPorts, ContentPorts {
  readonly engine: OpenSessions
  readonly store: Pick<EventStore, 'append' | 'read' | 'subscribe'>
  readonly records: SessionRecords
  readonly revocations: Pick<Revocations, 'of' | 'onChange'>
  readonly clock: Clock
}

interface RecordingRequest {
  readonly Params: { readonly id: string }
  readonly Querystring: { readonly follow?: boolean }
}

const schema = {
  summary: 'What happened in a session, with content, as JSON lines; reading it is recorded',
  description:
    'For auditors, and for the subject of the session. Each line has a time and a `step`; texts are as they were, so that who shows them escapes them.',
  params: idOf('ses'),
  querystring: options({
    follow: {
      ...flag,
      description:
        'What comes as well, until the session is over and the outcome of what ran in it is told; an empty line when nothing comes.',
    },
  }),
  response: {
    200: { description: 'One step each line.', content: { 'application/x-ndjson': { schema: text } } },
  },
} as const

/** GET /v1/sessions/:id/recording. */
export function recordings(
  ports: RecordingPorts,
  { heartbeatMs }: Pick<ApiBounds, 'heartbeatMs'>,
): FastifyPluginAsync {
  return async (app) => {
    app.get<RecordingRequest>(
      '/v1/sessions/:id/recording',
      { schema, exposeHeadRoute: false },
      async (request, reply) => {
        const identity = await caller(request, ports.authenticator)
        const { id } = request.params
        await mustRead(id, identity, ports)
        await actedFirst(ports, identity, {
          action: 'content.read',
          resource: id,
          outcome: 'done',
          details: {},
        })
        const gone = new AbortController()
        reply.raw.once('close', () => gone.abort())
        const told =
          request.query.follow === true
            ? keptAlive(lines(followed(id, identity, ports, gone.signal)), heartbeatMs, ports.clock)
            : lines(replay(id, ports, undefined))
        return reply.type('application/x-ndjson').send(Readable.from(told))
      },
    )
  }
}

async function mustRead(id: string, identity: Identity, ports: RecordingPorts): Promise<void> {
  const owner = await ownerOf(id, ports)
  if (owner === null) throw absent()
  if (isSameCaller(owner, identity.subject) || rolesOf(identity.subject, ports.roles).has('auditor')) return
  const details = { why: 'Only an auditor, or whose session it is, may read its content.' }
  acted(ports, identity, { action: 'content.read', resource: id, outcome: 'refused', details })
  // An admin sees that the session is there elsewhere; that it has content is no more theirs than anybody's.
  throw absent()
}

/** The log knows what the records do not know yet. */
async function ownerOf(id: string, { engine, records, store }: RecordingPorts): Promise<Owner | null> {
  const live = engine.session(id)
  if (live !== undefined) return live.subject
  const record = records.get(id)
  if (record !== undefined) return recordedOwner(record)
  for await (const event of store.read(undefined, id))
    if (event.stream === id && event.type === 'SessionOpened') return event.data.subject
  return null
}

/** Nobody reads on with a token that has expired or was revoked. */
async function* followed(
  id: string,
  identity: Identity,
  ports: RecordingPorts,
  gone: AbortSignal,
): AsyncGenerator<RecordingStep> {
  using good = whileGood(identity, ports)
  yield* replay(id, ports, AbortSignal.any([gone, good.signal]))
  if (good.over !== undefined)
    yield { at: isoTime(ports.clock.now()), step: 'left', reason: whyLeft[good.over] }
}

const whyLeft = { expired: 'the token has expired', revoked: 'the token was revoked' } as const

async function* lines(steps: AsyncIterable<RecordingStep>): AsyncGenerator<string> {
  for await (const step of steps) yield jsonLine(step)
}
