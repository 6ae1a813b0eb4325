import aws4 from 'aws4'
import type { Credential } from '@sluice/core'
import type { Authentication } from './target.ts'
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
      const others = request.query.split('&').filter((each) => each !== '' && nameIn(each) !== how.name)
      return { ...request, query: [...others, `${name}=${encodeURIComponent(password)}`].join('&') }
    }
    case 'sigv4':
      return signed(request, host, how, credential)
  }
}

/** However it is escaped: a second one of the caller's would stand beside the gateway's own. */
function nameIn(parameter: string): string {
  return decodeURIComponent((parameter.split('=', 1)[0] ?? '').replaceAll('+', ' '))
}

function withHeader(request: Outgoing, name: string, value: string): Outgoing {
  return { ...request, headers: [...request.headers.filter(([known]) => known !== name), [name, value]] }
}

/** AWS Signature Version 4: the secret itself does not travel. */
function signed(
  request: Outgoing,
  host: string,
  { region, service }: Authentication & { kind: 'sigv4' },
  { user, password }: Credential,
): Outgoing {
  const type = request.headers.find(([name]) => name === 'content-type')
  const { headers = {} } = aws4.sign(
    {
      host,
      method: request.method,
      path: addressOf(request),
      headers: type === undefined ? {} : { 'content-type': type[1] },
      body: request.body,
      region,
      service,
    },
    { accessKeyId: user, secretAccessKey: password },
  )
  const own = Object.entries(headers).flatMap(([name, value]) => {
    const lower = name.toLowerCase()
    return lower === 'host' || lower === 'content-length' ? [] : [[lower, String(value)] as const]
  })
  const names = new Set(own.map(([name]) => name))
  return { ...request, headers: [...request.headers.filter(([name]) => !names.has(name)), ...own] }
}
