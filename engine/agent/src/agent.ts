import { lookup } from 'node:dns/promises'
import { type Address, type Clock, type Ids } from '@sluice/core'
import type { AllowList, Resolve } from './allow-list.ts'
import { authorityAt, connectTo, greeted, NotWelcome } from './gateway-connection.ts'
import { tokenFrom, type EnrolmentToken } from './enrolment-token.ts'
import { GatewayName } from './gateway-name.ts'
import { protocols } from './hello.ts'
import type { AgentState } from './state.ts'

export interface AgentOptions {
  readonly gateways: readonly [Address, ...Address[]]
  readonly allow: AllowList
  readonly state: AgentState
  readonly version: string
  readonly resolve?: Resolve
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random32'>
  readonly tell: (what: string) => void
  readonly signal: AbortSignal
}

/** Keeps a connection to each of the gateways, and to each of those behind a name of several addresses, until it is told to stop. Rejects with `NotWelcome` when none of them will ever take it. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { gateways, signal, resolve = systemResolve } = options
  // While it pauses there is no connection that would keep the process.
  const alive = setInterval(() => {}, 2 ** 30)
  using _alive = { [Symbol.dispose]: () => clearInterval(alive) }
  const ends = await Promise.all(
    gateways.map((gateway) => new GatewayName(gateway, signal, { ...options, resolve }).run()),
  )
  const [refused] = ends.filter((end) => end !== undefined)
  if (!signal.aborted && refused !== undefined) throw refused
}

/** The token is no token, or no gateway took it. */
export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError'
}

/**
 * Turns a token into a certificate for the key of `state`, at the first of the gateways that answers. Rejects with
 * `NotWelcome` when it says no, and with `EnrolmentError` when none answers.
 */
export async function enrol(
  text: string,
  { gateways, state, version }: Pick<AgentOptions, 'gateways' | 'state' | 'version'>,
): Promise<{ readonly id: string; readonly name: string }> {
  const token = tokenFrom(text)
  if (token === null) throw new EnrolmentError('this is no enrolment token: it begins with slua_')
  let failure: unknown
  for (const gateway of gateways) {
    try {
      return await enrolAt(gateway, text.trim(), token, state, version)
    } catch (error) {
      if (error instanceof NotWelcome && error.code !== 'unavailable') throw error
      failure = error
    }
  }
  const why = failure instanceof Error ? failure.message : String(failure)
  throw new EnrolmentError(`no gateway took the token: ${why}`, { cause: failure })
}

async function enrolAt(
  gateway: Address,
  text: string,
  { pin }: EnrolmentToken,
  state: AgentState,
  version: string,
): Promise<{ readonly id: string; readonly name: string }> {
  const authority = await authorityAt(gateway, pin)
  const socket = await connectTo(gateway, authority, null)
  try {
    const key = state.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    const { id, name, certificate } = await greeted(socket, {
      version,
      protocols,
      purpose: 'enrol',
      token: text,
      key,
    })
    if (certificate === undefined) throw new Error('the gateway gave no certificate')
    await state.enrolled(certificate, authority)
    return { id, name }
  } finally {
    socket.destroy()
  }
}

async function systemResolve(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true })
  return found.map(({ address }) => address)
}
