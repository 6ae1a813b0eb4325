import type { FastifyReply, FastifyRequest } from 'fastify'
import { gatewayCookie } from '@sluice/core'

/** What a browser keeps for this gateway: who is signed in, and a sign-in under way. */
export type CookieName = 'session' | 'sign-in'

/** Browsers keep no larger one (RFC 6265bis §5.6, name and value). */
const cookieCharsMax = 4_096

/** A session is of no use to other sites at all; what proves a sign-in must survive the way back from the provider. */
const sameSite = { session: 'Strict', 'sign-in': 'Lax' } as const

/**
 * `__Host-` binds it to this host, without a Domain, over TLS. Plain HTTP is for loopback, where cookies do not tell
 * ports apart: there the port is in the name, so that two gateways do not take each other's.
 */
function nameOf(name: CookieName, url: URL): string {
  return url.protocol === 'https:' ? `__Host-${gatewayCookie}${name}` : `${gatewayCookie}${name}-${url.port}`
}

/** `undefined`: there is none, or more than one, and then somebody else has put one there. */
export function cookieOf(request: FastifyRequest, name: CookieName, url: URL): string | undefined {
  const wanted = nameOf(name, url)
  const found = (request.headers.cookie ?? '').split(';').flatMap((pair) => {
    const [key = '', ...value] = pair.split('=')
    return key.trim() === wanted ? [value.join('=').trim()] : []
  })
  return found.length === 1 ? found[0] : undefined
}

export function fits(name: CookieName, value: string, url: URL): boolean {
  return nameOf(name, url).length + value.length <= cookieCharsMax
}

export function setCookie(
  reply: FastifyReply,
  name: CookieName,
  value: string,
  url: URL,
  lifeMs: number,
): void {
  const secure = url.protocol === 'https:' ? '; Secure' : ''
  const attributes = `Path=/; HttpOnly; SameSite=${sameSite[name]}${secure}`
  reply.header(
    'set-cookie',
    `${nameOf(name, url)}=${value}; Max-Age=${Math.floor(lifeMs / 1000)}; ${attributes}`,
  )
}

export function clearCookie(reply: FastifyReply, name: CookieName, url: URL): void {
  setCookie(reply, name, '', url, 0)
}
