import { Control, type ControlPorts } from './control.ts'
import { refusal, type Refusal } from './errors.ts'
import type { LiveSession } from './session.ts'

/** Sessions that people end, wherever these are. */
export interface Kills {
  /** Resolves once it is durable, and at this gateway done. Throws `Refused('log_unavailable')`. */
  kill(session: string, by: string, reason: string): Promise<void>
  readonly healthy: boolean
  close(): Promise<void>
}

export interface KillPorts extends ControlPorts {
  /** Of this gateway. */
  readonly session: (id: string) => Pick<LiveSession<unknown>, 'end'> | undefined
}

/** Follows the control stream: what any gateway recorded ends the sessions that are here, and at once. */
export async function openKills({ session, ...ports }: KillPorts): Promise<Kills> {
  const control = new Control(ports, (event) => {
    if (event.type !== 'SessionKilled') return false
    session(event.data.session)?.end(killed)
    return true
  })
  await control.open()
  return {
    async kill(id, by, reason) {
      await control.record({ type: 'SessionKilled', data: { session: id, by, reason } })
    },
    get healthy() {
      return control.healthy
    },
    close: () => control.close(),
  }
}

const killed: Refusal = refusal(
  'token_expired',
  'sluice/killed',
  'This session was ended by an administrator or its owner: nothing more is done in it.',
)
