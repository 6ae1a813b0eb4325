import type { Socket } from 'node:net'
import { dial, type Door } from './gateway-socket.ts'
import { relay } from './relay.ts'
import { disconnection } from './ssh-disconnection.ts'
import type { TokenKeeper } from './token-keeper.ts'

export interface SshPorts {
  readonly door: Door
  readonly tokens: Pick<TokenKeeper, 'current' | 'begun'>
}

/** When a login may just have been done. The gateway takes half a minute for one, and then asks the target. */
const momentsMs = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]

/** One connection of a client, byte for byte: what it says is between it and the gateway. */
export async function serveSsh(client: Socket, { door, tokens }: SshPorts): Promise<void> {
  client.on('error', () => {})
  try {
    const token = await tokens.current()
    const upstream = await dial(door)
    upstream.on('error', () => {})
    carryOnLogin(client, token, tokens)
    await relay(client, upstream)
  } catch (error) {
    farewell(client, error)
  }
}

/** Nobody here sees the end of a login, and its token may be replaced meanwhile. */
function carryOnLogin(client: Socket, token: string, tokens: SshPorts['tokens']): void {
  const timers = momentsMs.map((ms) => setTimeout(() => tokens.begun(token), ms))
  client.once('close', () => {
    for (const timer of timers) clearTimeout(timer)
  })
}

function farewell(client: Socket, error: unknown): void {
  if (client.destroyed) return
  client.end(disconnection(`sluice connect: ${error instanceof Error ? error.message : String(error)}`))
  client.resume()
}
