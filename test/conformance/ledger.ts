import type { Action, EventStore, NewEvent } from '@sluice/core'
import { intercepted } from '../src/intercepted.ts'

/** What the gateway's log says of the last request of a connection. */
export interface Entry {
  readonly actions: readonly Action[]
  readonly effect: string
  readonly rule: string
}

/** Reads the log as it is written, by the application_name of each connection. */
export class Ledger {
  readonly #sessions = new Map<string, string>()
  readonly #actions = new Map<string, readonly Action[]>()
  readonly #entries = new Map<string, Entry>()

  /** To stand between an engine and its log. */
  readonly store = (store: EventStore): EventStore =>
    intercepted(store, (unit, options) => {
      for (const event of unit.events) this.#note(event)
      return store.append(unit, options)
    })

  /** Takes the entry of what was asked last. Denials beyond a budget have none. */
  take(application: string): Entry | undefined {
    const session = this.#sessions.get(application) ?? ''
    const entry = this.#entries.get(session)
    this.#entries.delete(session)
    return entry
  }

  #note(event: NewEvent): void {
    switch (event.type) {
      case 'SessionOpened':
        this.#sessions.set(event.data.application ?? '', event.data.session)
        break
      case 'RequestReceived':
        this.#actions.set(event.data.session, JSON.parse(event.data.actions) as readonly Action[])
        break
      case 'DecisionMade': {
        const { session, effect, rule } = event.data
        this.#entries.set(session, { actions: this.#actions.get(session) ?? [], effect, rule })
        break
      }
      default:
    }
  }
}
