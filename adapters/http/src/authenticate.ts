import aws4 from 'aws4'
import type { Credential } from '@sluice/core'
import type { Authentication } from './target.ts'
import { headerOf } from './replies.ts'
import { addressOf, type Outgoing } from './upstream.ts'

/** The request with the gateway's own credential, in place of whatever stood there. `host`: as the target gets it. */
export function authenticated(
  request: Outgoing,
  host: string,
  how: Authentication,
  credential: Credential | null,
): Outgoing {
  if (how.kind === 'none' || credential === null) return request
  const { user, password } = credential
  switch (how.kind) {
    case 'bearer':
      return withHeader(request, 'authorization', `Bearer ${password}`)
    case 'basic': {
      const login = Buffer.from(`${user}:${password}`).toString('base64')
      return withHeader(request, 'authorization', `Basic ${login}`)
    }
    case 'header':
      return withHeader(request, how.name, password)
    case 'query': {
      const name = encodeURIComponent(how.name)
      const others = request.query
        .split('&')
        .filter((each) => each !== '' && parameterName(each) !== how.name)
      return { ...request, query: [...others, `${name}=${encodeURIComponent(password)}`].join('&') }
    }
    case 'sigv4':
      return signed(request, host, how, credential)
  }
}

/** However it is escaped: a second one of the caller's would stand beside the gateway's own. */
export function parameterName(parameter: string): string {
  return decodeURIComponent((parameter.split('=', 1)[0] ?? '').replaceAll('+', ' '))
}

function withHeader(request: Outgoing, name: string, value: string): Outgoing {
  return { ...request, headers: [...request.headers.filter(([known]) => known !== name), [name, value]] }
}

/** What AWS wants to be signed besides Host: an operation may be named by such a header. */
const covered = /^(?:content-type|x-amz-.*)$/
/** Of a signature, the caller's too; what it says of keys and content is the gateway's to say. */
const signing: ReadonlySet<string> = new Set([
  'authorization',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
])

/** AWS Signature Version 4: the secret itself does not travel. */
function signed(
  request: Outgoing,
  host: string,
  { region, service }: Authentication & { kind: 'sigv4' },
  { user, password }: Credential,
): Outgoing {
  const given = request.headers.filter(([name]) => !signing.has(name))
  const names = new Set(given.flatMap(([name]) => (covered.test(name) ? [name] : [])))
  const told = {
    host,
    method: request.method,
    path: addressOf(request),
    headers: Object.fromEntries([...names].map((name) => [name, headerOf(given, name) ?? ''])),
    body: request.body,
    region,
    service,
    // Without a body there is no length on the wire; and one without a type gets none: the target would read it as a
    // form, which nobody did before.
    extraHeadersToIgnore: { 'content-length': true, 'content-type': !names.has('content-type') },
  }
  const { headers = {} } = aws4.sign(told, { accessKeyId: user, secretAccessKey: password })
  const own = Object.entries(headers).flatMap(([name, value]) => {
    const lower = name.toLowerCase()
    const isOfTheRequest = names.has(lower) || lower === 'authorization' || lower.startsWith('x-amz-')
    return isOfTheRequest ? [[lower, String(value)] as const] : []
  })
  return { ...request, headers: [...given.filter(([name]) => !names.has(name)), ...own] }
}
