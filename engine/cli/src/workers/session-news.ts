import type { Clock, OpenSession, OpenSessions } from '@sluice/core'
import type { SessionChange, SessionTold, ToSupervisor } from './messages.ts'

export interface SessionNewsPorts {
  readonly sessions: Pick<OpenSessions, 'onSession'>
  readonly clock: Pick<Clock, 'after'>
  readonly send: (message: ToSupervisor) => void
}

/** How old the counts of a session are at most, as lists show them. */
const everyMs = 250

/** Tells the supervisor of the sessions of this worker: of each at once that it is there, and how it goes. */
export class SessionNews implements Disposable {
  readonly #ports: SessionNewsPorts
  readonly #told = new Map<OpenSession, SessionChange>()
  readonly #following: Disposable
  #timer: Disposable | undefined

  constructor(ports: SessionNewsPorts) {
    this.#ports = ports
    this.#following = ports.sessions.onSession((session, change) => this.#take(session, change))
    this.#wait()
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]()
    this.#timer?.[Symbol.dispose]()
  }

  #take(session: OpenSession, change: 'opened' | 'closed'): void {
    if (change === 'closed') {
      this.#tell()
      this.#told.delete(session)
      return this.#ports.send({ kind: 'closed', session: session.id })
    }
    const told = toldOf(session)
    this.#told.set(session, told)
    this.#ports.send({ kind: 'opened', session: told })
  }

  #wait(): void {
    this.#timer = this.#ports.clock.after(everyMs, () => {
      this.#tell()
      this.#wait()
    })
  }

  #tell(): void {
    const changes: SessionChange[] = []
    for (const [session, told] of this.#told) {
      const { id, run, identity, facts } = session
      if (isSame(told, { id, run, identity, facts })) continue
      const change = { id, run, identity, facts }
      this.#told.set(session, change)
      changes.push(change)
    }
    if (changes.length > 0) this.#ports.send({ kind: 'sessions', changes })
  }
}

function toldOf(session: OpenSession): SessionTold {
  const { id, gateway, client, run, openedAt, opened, identity, facts } = session
  const { name, protocol } = session.target
  return { id, gateway, client, run, openedAt, opened, identity, facts, target: { name, protocol } }
}

function isSame(one: SessionChange, other: SessionChange): boolean {
  return (
    one.run === other.run &&
    one.identity === other.identity &&
    one.facts.requests === other.facts.requests &&
    one.facts.in_flight === other.facts.in_flight &&
    one.facts.rows === other.facts.rows &&
    one.facts.bytes === other.facts.bytes
  )
}
