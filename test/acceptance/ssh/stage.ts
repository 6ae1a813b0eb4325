import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { EventData } from '@sluice/core'
import { startIdentityProvider, type DemoSubject } from '@sluice/demo'
import {
  enrolmentToken,
  startAgentProcess,
  startGateway,
  startSshd,
  type Gateway,
  type GatewayOptions,
  type Sshd,
  type SshDoor,
} from '@sluice/test'

/** A server with a user without rights, and the door to it. */
export interface Stage extends AsyncDisposable {
  readonly sshd: Sshd
  readonly gateway: Gateway
  /** Through Sluice. */
  readonly door: SshDoor
  /** The server itself, as the same user as the gateway. */
  readonly direct: SshDoor
}

export interface StageOptions extends Pick<
  GatewayOptions,
  'store' | 'stallSeconds' | 'policyData' | 'sshNames'
> {
  /** What the gateway takes for the host's key, instead of the real one. */
  readonly hostKey?: string
  /** Further keys of the target's entry. */
  readonly settings?: Readonly<Record<string, unknown>>
  readonly labels?: Readonly<Record<string, string>>
  /** A folder; without it everything is allowed, but what is told apart by its name. */
  readonly policies?: string
  /** The host is reached by an agent, a process of its own, and by nothing else. */
  readonly behindAgent?: boolean
  /** Who comes through Sluice; without it alice. */
  readonly as?: DemoSubject
}

const everything = fileURLToPath(new URL('../policies/ssh-all', import.meta.url))

/** The target is `host`. */
export async function openStage({
  settings = {},
  labels = {},
  policies = everything,
  as = 'alice',
  hostKey,
  behindAgent = false,
  ...options
}: StageOptions = {}): Promise<Stage> {
  await using parts = new AsyncDisposableStack()
  const sshd = await startSshd()
  parts.defer(() => sshd.close())
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const target = {
    name: 'host',
    ssh: sshd,
    user: sshd.user,
    secret: sshd.key,
    hostKey: hostKey ?? sshd.hostKey,
  }
  const via = behindAgent ? { via: 'vpc' } : {}
  const gateway = await startGateway({
    provider,
    policies,
    targets: [
      { ...target, settings: { ...settings, ...via }, labels },
      { ...target, name: 'elsewhere' },
    ],
    ...(behindAgent ? { agents: '127.0.0.1:0' } : {}),
    ...options,
  })
  parts.defer(() => gateway.close())
  if (gateway.agents !== null) {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-ssh-agent-'))
    parts.defer(() => rm(folder, { recursive: true, force: true }))
    const agent = await startAgentProcess({
      gateways: [gateway.agents],
      allow: [`${sshd.host}:${sshd.port}`],
      state: join(folder, 'state'),
      token: await enrolmentToken(gateway.api, provider, 'vpc'),
    })
    parts.defer(() => agent.kill())
  }
  const door = { ...gateway.ssh, user: 'host', token: await gateway.token(as) }
  const direct = { host: sshd.host, port: sshd.port, user: sshd.user, keyFile: sshd.keyFile }
  const open = parts.move()
  return { sshd, gateway, door, direct, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** The data of all events of a type, once there is one: what ends a request is recorded behind its answer. */
export async function recorded<Type extends keyof EventData>(
  { gateway }: Stage,
  type: Type,
): Promise<readonly EventData[Type][]> {
  for (let tries = 0; tries < 100; tries++) {
    const found = (await gateway.events()).filter((event) => event.type === type)
    if (found.length > 0) return found.map(({ data }) => data as EventData[Type])
    await sleep(50)
  }
  return []
}
