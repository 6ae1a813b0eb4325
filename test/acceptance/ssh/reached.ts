import { once } from 'node:events'
import { connect } from 'node:net'
import { systemClock, type Credential, type Finding } from '@sluice/core'
import { ssh } from '@sluice/ssh'
import type { Sshd } from '@sluice/test'

/** What a session would find at a server; `settings`: of the target's entry. */
export async function found(
  { port, user, key }: Pick<Sshd, 'port' | 'user' | 'key'>,
  settings: object,
  credential: Credential = { user, password: key },
): Promise<readonly Finding[]> {
  const address = { host: '127.0.0.1', port }
  const parsed = ssh.target.parse(settings)
  const dial = async () => {
    const socket = connect(address)
    await once(socket, 'connect')
    return socket
  }
  const findings = await ssh.probe?.({
    target: { name: 'host', protocol: 'ssh', labels: {}, address, settings: parsed },
    dial,
    credential: async () => credential,
    now: () => systemClock.now(),
  })
  return findings ?? []
}

export function states(found: readonly Finding[]): readonly string[] {
  return found.map(({ state, about }) => `${state} ${about}`)
}
