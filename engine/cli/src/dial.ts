import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, isIP } from 'node:net'
import type { Tunnels } from '@sluice/agent'
import {
  isLoopback,
  isReachable,
  limits,
  refusal,
  Refused,
  type Address,
  type Dialer,
  type Target,
} from '@sluice/core'

const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.keepAliveMs } as const

/** All addresses of a name, as the system finds them. */
export type Resolve = (name: string) => Promise<readonly string[]>

/**
 * Direct sockets, to the address that was looked at and not to what the name says a moment later. Rejects when no
 * address may be used, or none answers.
 */
export function directDialer(resolve: Resolve = systemResolve): Dialer {
  return {
    async dial(_target: Target, { host, port }: Address) {
      const addresses = isIP(host) === 0 ? await vetted(host, resolve) : [host]
      let failure: unknown
      for (const address of addresses) {
        // Small requests must not wait for the kernel to fill a segment.
        const socket = connect({ host: address, port, ...options })
        try {
          await once(socket, 'connect')
          return socket
        } catch (error) {
          socket.destroy()
          failure = error
        }
      }
      throw failure ?? new Error('the name has no address')
    },
  }
}

/** A target with `via` is dialled by an agent of that name, and its address means what it means there. */
export function dialerOf(direct: Dialer, tunnels: Pick<Tunnels, 'dial'>): Dialer {
  return {
    dial: (target, to) => (target.via === undefined ? direct.dial(target, to) : tunnels.dial(target.via, to)),
  }
}

async function vetted(name: string, resolve: Resolve): Promise<readonly string[]> {
  const addresses = await resolve(name)
  if (name === 'localhost') return addresses
  const usable = addresses.filter(isMeant)
  if (usable.length === 0 && addresses.length > 0) throw new Refused(ledAstray)
  return usable
}

/**
 * No name of a target may lead to this machine, to its neighbours on the link (where clouds keep the credentials of
 * machines), to nobody, or to many. Whoever means one of these writes the address itself, or `localhost`.
 */
function isMeant(address: string): boolean {
  return isReachable(address) && !isLoopback(address)
}

const ledAstray = refusal(
  'target_unreachable',
  'sluice/address',
  'The name of the target leads to an address that is not used by name. Tell its operator.',
)

async function systemResolve(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true })
  return found.map(({ address }) => address)
}
