import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { byToken, isLoopback, refusal, Refused, StoreError } from '@sluice/core'
import { SignInError, type Begun, type SignInProblem } from '@sluice/identity'
import { actedFirst } from '../acted.ts'
import { list, object, oneOf, options, text, type RouteSchema } from '../schema.ts'
import { keepSession } from './browser-session.ts'
import { clearCookie, cookieOf, setCookie } from './cookies.ts'
import type { ConsolePorts } from './ports.ts'
import { returnTo } from './return-to.ts'

/** What a browser keeps while a person is at their provider. */
interface Pending {
  readonly begun: Begun
  readonly return_to: string
  readonly until_ms: number
}

const purpose = 'sign-in'
const lifeMs = 600_000
const callbackPath = '/console/callback'

const issuersSchema: RouteSchema = {
  summary: 'Where people can sign in',
  response: {
    200: {
      description: 'Names, and what people call them.',
      ...list(object({ name: text, kind: oneOf('oidc', 'saml'), label: text })),
    },
  },
}

interface SignInRequest {
  readonly Querystring: { readonly issuer: string; readonly return_to: string; readonly again: boolean }
}

interface CallbackRequest {
  readonly Params: { readonly issuer: string }
}

const issuer = { type: 'string', maxLength: 128 } as const
const query = {
  ...options({
    issuer,
    return_to: { ...text, default: '/' },
    again: { type: 'boolean', default: false },
  }),
  required: ['issuer'],
}

/**
 * GET /console/issuers, /console/sign-in?issuer=…&return_to=… and /console/callback/{issuer}. `again=true` asks the person
 * who they are even if the provider knows it. What goes wrong ends at the page `/sign-in?problem=…` and signs in nobody.
 */
export function signIn(app: FastifyInstance, ports: ConsolePorts): void {
  const { signIns } = ports
  app.get('/console/issuers', { schema: { ...issuersSchema, security: [] } }, async () => signIns.issuers)
  app.get<SignInRequest>(
    '/console/sign-in',
    { schema: { hide: true, querystring: query } },
    async (request, reply) => begin(request, reply, ports),
  )
  app.get<CallbackRequest>(
    `${callbackPath}/:issuer`,
    { schema: { hide: true, params: object({ issuer }) } },
    async (request, reply) => finish(request, reply, ports),
  )
}

const loopbackName = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::|$)/

async function begin(
  request: FastifyRequest<SignInRequest>,
  reply: FastifyReply,
  { signIns, publicUrl, clock, report }: ConsolePorts,
): Promise<FastifyReply> {
  const url = publicUrl()
  refuseEmbedded(request)
  const isHere = isLoopback(url.hostname.replace(/^\[|\]$/g, ''))
  if (url.protocol !== 'https:' && !isHere) refuseInClear()
  // Cookies of localhost are not those of 127.0.0.1, to which the provider sends the browser back.
  if (isHere && request.host !== url.host && loopbackName.test(request.host))
    return reply.redirect(`${url.origin}${request.url}`, 303)
  const { issuer, return_to: wanted, again } = request.query
  const back = returnTo(wanted, url)
  try {
    const { url: at, begun } = await signIns.begin(issuer, `${url.origin}${callbackPath}/${issuer}`, again)
    const pending: Pending = { begun, return_to: back, until_ms: clock.now() + lifeMs }
    setCookie(reply, 'sign-in', signIns.sealed.seal(purpose, pending), url, lifeMs)
    return reply.redirect(at, 303)
  } catch (error) {
    return failed(reply, error, issuer, report)
  }
}

async function finish(
  request: FastifyRequest<CallbackRequest>,
  reply: FastifyReply,
  ports: ConsolePorts,
): Promise<FastifyReply> {
  const { signIns, publicUrl, clock, report, bounds } = ports
  const { issuer } = request.params
  const url = publicUrl()
  const kept = cookieOf(request, 'sign-in', url)
  const pending = kept === undefined ? undefined : (signIns.sealed.open(purpose, kept) as Pending | undefined)
  if (pending === undefined || pending.until_ms <= clock.now())
    return failed(reply, new SignInError('expired', 'the browser has no sign-in under way'), issuer, report)
  try {
    const signedIn = await signIns.finish(pending.begun, issuer, new URL(request.url, url))
    const identity = await ports.authenticator.authenticate(byToken(signedIn.token))
    const { id: subject, on_behalf_of } = identity.subject
    const id = randomBytes(16).toString('base64url')
    await actedFirst(ports, identity, {
      action: 'console.sign_in',
      resource: id,
      outcome: 'done',
      details: {},
    })
    clearCookie(reply, 'sign-in', url)
    const now = clock.now()
    const csrf = randomBytes(32).toString('base64url')
    const who = { subject, on_behalf_of, token_id: identity.tokenId }
    const times = { signed_in_ms: now, ends_ms: now + bounds.browserSessionMs }
    keepSession(reply, { id, issuer, ...who, ...signedIn, csrf, ...times }, ports)
    return reply.redirect(pending.return_to, 303)
  } catch (error) {
    return failed(reply, error, issuer, report)
  }
}

/** Only a person who follows a link begins to sign in: no page does so in a frame or an image. */
function refuseEmbedded({ headers }: FastifyRequest): void {
  const to = headers['sec-fetch-dest']
  if (to !== undefined && to !== 'document')
    throw new Refused(refusal('denied', 'api/sign_in', 'Signing in is for a person who follows a link.'))
}

function refuseInClear(): never {
  throw new Refused(
    refusal('denied', 'api/sign_in', 'Nobody signs in without TLS: let api.url begin with https://.'),
  )
}

/** The page says it in words: what a provider or a link says besides is shown to nobody. */
function failed(
  reply: FastifyReply,
  error: unknown,
  issuer: string,
  report: ConsolePorts['report'],
): FastifyReply {
  if (error instanceof Refused || error instanceof StoreError) throw error
  const problem: SignInProblem = error instanceof SignInError ? error.problem : 'refused'
  report(`nobody is signed in by ${issuer}`, error)
  return reply.redirect(`/sign-in?problem=${problem}&issuer=${encodeURIComponent(issuer)}`, 303)
}
