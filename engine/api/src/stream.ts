import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import {
  refusal,
  Refused,
  type Approvals,
  type ApprovalView,
  type Clock,
  type OpenSessions,
  type Identity,
  type OpenSession,
  type Revocations,
} from '@sluice/core'
import { approvalLine, type PagePorts } from './approval-page.ts'
import { sightOf } from './approval-sight.ts'
import type { ApiBounds } from './bounds.ts'
import { caller } from './caller.ts'
import type { ExchangeRecords } from './exchange-records.ts'
import { ExchangeTail, type TailWanted } from './exchange-tail.ts'
import { Outlet } from './outlet.ts'
import type { RolePorts } from './roles.ts'
import { flag, options, short, text } from './schema.ts'
import { sessionLine } from './session-line.ts'
import { maySee } from './session-sight.ts'
import { whileGood } from './while-good.ts'

export interface StreamPorts extends RolePorts, PagePorts {
  readonly approvals: Approvals
  readonly engine: OpenSessions
  readonly exchanges: ExchangeRecords
  readonly revocations: Pick<Revocations, 'of' | 'onChange'>
  readonly clock: Clock
  readonly report: (what: string, error: unknown) => void
}

interface Follower {
  readonly identity: Identity
  readonly outlet: Outlet
}

const schema = {
  summary: 'Changes of approvals and sessions that the caller may see, as server-sent events',
  description:
    'Events: `approval` and `session`, each with what its list shows; with `exchanges=true` also `exchanges`: {exchanges, skipped}, ten a second at most, each exchange again when more is known of it, `skipped` those that are left out (null: nobody counted). Their ids go on by Last-Event-ID with the latest 500 that were missed. `end` with a reason: `expired` (come back with a fresh token), `revoked`, `slow`, `draining`.',
  querystring: options({
    exchanges: { ...flag, default: false },
    session: { ...short, description: 'Exchanges of this session alone; likewise for a run or target.' },
    run: short,
    target: short,
  }),
  response: { 200: { description: 'A stream.', content: { 'text/event-stream': { schema: text } } } },
} as const

/** A follower that does not read is cut off this long after it was told so. */
const lingerMs = 5_000

interface StreamRequest {
  readonly Querystring: TailWanted & { readonly exchanges: boolean }
}

/** GET /v1/stream: what changes, to everybody for whom it exists, for as long as their token is good. */
export function stream(ports: StreamPorts, bounds: ApiBounds): FastifyPluginAsync {
  const followers = new Set<Follower>()
  return async (app) => {
    tell(app, followers, ports)
    app.get<StreamRequest>('/v1/stream', { schema, exposeHeadRoute: false }, async (request, reply) => {
      const identity = await caller(request, ports.authenticator)
      admit(identity, followers, bounds)
      const { outlet } = follow(identity, followers, reply, ports, bounds)
      if (request.query.exchanges) tail(request, reply, identity, outlet, ports)
      const body = Readable.from(outlet, { objectMode: false })
      return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(body)
    })
  }
}

function admit({ subject }: Identity, followers: ReadonlySet<Follower>, bounds: ApiBounds): void {
  const own = [...followers].filter(({ identity }) => identity.subject.id === subject.id)
  if (own.length < bounds.streamsOfSubject && followers.size < bounds.streams) return
  throw new Refused(refusal('too_many', 'api/stream', 'Too many streams are followed already. Close one.'))
}

function follow(
  identity: Identity,
  followers: Set<Follower>,
  reply: FastifyReply,
  ports: StreamPorts,
  { streamQueue: queue, heartbeatMs }: ApiBounds,
): Follower {
  const { clock } = ports
  const timers = new DisposableStack()
  const ended = (): void => {
    if (!timers.disposed) timers.use(clock.after(lingerMs, () => reply.raw.destroy()))
  }
  const outlet = new Outlet({ clock, queue, heartbeatMs, ended })
  const follower = { identity, outlet }
  followers.add(follower)
  const good = timers.use(whileGood(identity, ports))
  const end = (): void => {
    if (good.over !== undefined) outlet.end(good.over)
  }
  good.signal.addEventListener('abort', end, { once: true })
  end()
  reply.raw.once('close', () => {
    followers.delete(follower)
    timers.dispose()
    outlet.close()
  })
  return follower
}

function tail(
  { query, headers }: FastifyRequest<StreamRequest>,
  reply: FastifyReply,
  { subject }: Identity,
  outlet: Outlet,
  ports: StreamPorts,
): void {
  const following = new ExchangeTail(subject, outlet, query, ports)
  reply.raw.once('close', () => following[Symbol.dispose]())
  const last = headers['last-event-id']
  if (typeof last === 'string')
    following.resume(last).catch((error: unknown) => ports.report('what was missed was not told', error))
}

/** One listener for all followers; each is told only of what exists for them. */
function tell(app: FastifyInstance, followers: ReadonlySet<Follower>, ports: StreamPorts): void {
  const listening = new DisposableStack()
  // One after another, so that nobody hears of an approval's end before its beginning.
  let told: Promise<void> = Promise.resolve()
  listening.use(
    ports.approvals.onChange((approval) => {
      if (followers.size > 0) told = told.then(() => tellApproval(approval, [...followers], ports))
    }),
  )
  listening.use(ports.engine.onSession((session, change) => tellSession(session, change, followers, ports)))
  app.addHook('preClose', async () => {
    listening.dispose()
    for (const { outlet } of followers) outlet.end('draining')
  })
}

async function tellApproval(
  approval: ApprovalView,
  followers: readonly Follower[],
  ports: StreamPorts,
): Promise<void> {
  try {
    for (const { identity, outlet } of followers) {
      const sight = sightOf(approval, identity.subject, ports.roles)
      if (sight !== null) outlet.send('approval', await approvalLine(approval, sight, ports))
    }
  } catch (error) {
    ports.report('a change of an approval was not told', error)
  }
}

function tellSession(
  session: OpenSession,
  change: 'opened' | 'closed',
  followers: ReadonlySet<Follower>,
  { roles }: StreamPorts,
): void {
  const line = { ...sessionLine(session), state: change === 'opened' ? 'open' : 'closed' }
  for (const { identity, outlet } of followers)
    if (maySee(session.subject, identity.subject, roles)) outlet.send('session', line)
}
