import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ConsoleFile, ConsoleFiles } from './files.ts'

/** The first word of each page's address; what comes behind it is the page's own. Whatever else is asked for is not there. */
const pages: readonly string[] = [
  'access',
  'agents',
  'approvals',
  'audit',
  'exchanges',
  'exporters',
  'identities',
  'policies',
  'runs',
  'search',
  'sessions',
  'settings',
  'sign-in',
  'system',
  'targets',
]

/**
 * Nothing but our own files runs or is shown, nothing that is written into a page becomes code, nobody frames it, and it
 * talks to this gateway alone.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const permissions = [
  'accelerometer',
  'autoplay',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-get',
  'screen-wake-lock',
  'usb',
  'xr-spatial-tracking',
]
  .map((name) => `${name}=()`)
  .join(', ')

/** They say nothing of anybody, and are in memory. */
const shown = { schema: { hide: true }, config: { rateLimit: false } } as const

/** The built console, or a word that there is none. */
export function consolePages(app: FastifyInstance, files: ConsoleFiles | null): void {
  if (files === null) {
    app.get('/', shown, async (_request, reply) => unbuilt(reply))
    return
  }
  const shell = files.get('/index.html')
  if (shell === undefined) throw new Error('a console that was built has a page')
  for (const [path, file] of files)
    if (file !== shell) app.get(path, shown, async (request, reply) => sent(request, reply, file))
  for (const path of ['/', ...pages.flatMap((page) => [`/${page}`, `/${page}/*`])])
    app.get(path, shown, async (request, reply) => sent(request, reply, shell))
}

/** Callers are given the address of an approval for their programs; a person who follows it means the page. */
export function peopleToPages(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const [, page] = /^\/v1(\/approvals\/apr_[0-9A-Z]{26})$/.exec(request.url) ?? []
    if (page !== undefined && request.headers['sec-fetch-dest'] === 'document')
      return reply.redirect(page, 303)
    return undefined
  })
}

function unbuilt(reply: FastifyReply): FastifyReply {
  return reply
    .status(404)
    .type('text/plain; charset=utf-8')
    .send(
      'The console is not built here. Build it with: npm run build:console\n' +
        'Everything else works: the API is described at /v1/openapi.json\n',
    )
}

function sent(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  reply
    .header('cache-control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    .header('etag', file.etag)
    .header('vary', 'accept-encoding')
    .header('content-security-policy', contentSecurityPolicy)
    .header('cross-origin-opener-policy', 'same-origin')
    .header('permissions-policy', permissions)
  if (request.headers['if-none-match'] === file.etag) return reply.status(304).send()
  const { coding, bytes } = chosen(file, request.headers['accept-encoding'] ?? '')
  if (coding !== 'identity') reply.header('content-encoding', coding)
  return reply.type(file.type).send(bytes)
}

function chosen(
  { bytes }: ConsoleFile,
  accepted: string,
): { readonly coding: 'br' | 'gzip' | 'identity'; readonly bytes: Buffer } {
  const takes = (coding: string): boolean =>
    accepted
      .split(',')
      .some((each) => new RegExp(`^\\s*${coding}\\s*(?:;(?!\\s*q=0(?:\\.0*)?\\s*$).*)?$`).test(each))
  if (bytes.br !== undefined && takes('br')) return { coding: 'br', bytes: bytes.br }
  if (bytes.gzip !== undefined && takes('gzip')) return { coding: 'gzip', bytes: bytes.gzip }
  return { coding: 'identity', bytes: bytes.identity }
}
