import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { isLoopback } from '@sluice/core'

type Asking = Pick<IncomingMessage, 'headers'> & {
  readonly socket: Pick<Socket, 'localAddress'>
}

/**
 * Why a request is not of a program that its user started: every page in a browser can send requests to this machine, and
 * they would act with the user's token. `undefined`: nothing speaks for that.
 */
export function strangerIn({ headers, socket }: Asking): string | undefined {
  const { host = '', origin, 'sec-fetch-site': site } = headers
  // A page that renames itself to this address (DNS rebinding) still sends its own name.
  if (socket.localAddress !== undefined && !isOwnName(host, socket.localAddress))
    return 'This address is only reached under its own name: use 127.0.0.1 or localhost.'
  if (origin !== undefined && origin !== `http://${host}`) return fromPage
  if (site !== undefined && site !== 'none' && site !== 'same-origin') return fromPage
  return undefined
}

const fromPage =
  'Requests of web pages are not taken: they would act with the token of who sits before the browser.'

function isOwnName(host: string, address: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return name === 'localhost' || isLoopback(name) || name === address.replace(/^::ffff:/, '')
}
