import { Refused, type Identity, type OpenSession, type Refusal } from '@sluice/core'
import type { Asked, SessionChange, SessionTold, ToWorker } from './messages.ts'

/** To the worker that has it. */
export interface SessionWorker {
  tell(message: ToWorker): void
  /** Resolves with why not. Rejects when the worker is gone. */
  ask(asked: Asked): Promise<Refusal | null>
}

/** A session in a worker, as it was told last. */
export class RemoteSession implements OpenSession {
  readonly id: string
  readonly gateway: string
  readonly target: OpenSession['target']
  readonly client: OpenSession['client']
  readonly openedAt: number
  readonly opened: OpenSession['opened']
  readonly #worker: SessionWorker
  #change: SessionChange

  constructor(worker: SessionWorker, told: SessionTold) {
    this.#worker = worker
    this.#change = told
    this.id = told.id
    this.gateway = told.gateway
    this.target = told.target
    this.client = told.client
    this.openedAt = told.openedAt
    this.opened = told.opened
  }

  get subject(): OpenSession['subject'] {
    return this.#change.identity.subject
  }

  get identity(): Identity {
    return this.#change.identity
  }

  get run(): OpenSession['run'] {
    return this.#change.run
  }

  get facts(): OpenSession['facts'] {
    return this.#change.facts
  }

  changed(change: SessionChange): void {
    this.#change = change
  }

  async extend(identity: Identity): Promise<void> {
    const refusal = await this.#worker.ask({ kind: 'extend', session: this.id, identity })
    if (refusal !== null) throw new Refused(refusal)
    this.#change = { ...this.#change, identity }
  }

  end(reason: Refusal, graceMs = 0): void {
    this.#worker.tell({ kind: 'end', session: this.id, reason, graceMs })
  }
}
