import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Clock, Facts } from '@sluice/core'
import { readFacts, type FactsRead } from './facts.ts'

/**
 * The facts in another process than the one that folds them. They are as of its last transaction, at most
 * `keepMs` behind what that process itself sees.
 */
export class FactsOfFile implements FactsRead, Disposable {
  readonly #db: DatabaseSync
  readonly #changes: StatementSync
  readonly #asOf: StatementSync
  readonly #facts: ReturnType<typeof readFacts>
  #seen = -1
  #asOfMs = 0

  constructor(file: string, clock: Pick<Clock, 'now'>) {
    this.#db = new DatabaseSync(file, { readOnly: true, timeout: busyMs })
    this.#changes = this.#db.prepare('pragma data_version')
    this.#asOf = this.#db.prepare("select value from meta where key = 'time'")
    this.#facts = readFacts(this.#db, clock, () => this.#asOfMs)
  }

  of(kind: 'run' | 'subject', id: string): Facts {
    const seen = Number(this.#changes.get()?.['data_version'])
    if (seen !== this.#seen) {
      this.#seen = seen
      this.#asOfMs = Number(this.#asOf.get()?.['value'] ?? 0)
      this.#facts.forget()
    }
    return this.#facts.of(kind, id)
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }
}

/** Readers wait for nobody but a file that is being made anew. */
const busyMs = 2_000
