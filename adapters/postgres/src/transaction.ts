import type { Action } from '@sluice/core'
import type { Statement } from './statement.ts'

export type TransactionState = 'none' | 'clean' | 'dirty'

/**
 * Where the connection's transaction stands when a statement is judged: what the server last said, and what was
 * sent since then and will happen if it succeeds.
 */
export class Transaction {
  #state: TransactionState = 'none'
  #underMasks = false

  get state(): TransactionState {
    return this.#state
  }

  /** The statement was handed on. */
  expects({ action }: Statement): void {
    if (action.name === 'sql.transaction') this.#control(action.kind)
    else if (!action.read_only && this.#state === 'clean') this.#state = 'dirty'
  }

  /**
   * Something was changed in it under masks. Constraints and triggers may wait for its end, and what they then say may
   * quote values.
   */
  get underMasks(): boolean {
    return this.#underMasks
  }

  /**
   * An exchange with these actions is sent. Whether what waits for the end of what was changed under masks is done with it,
   * or with a Sync behind it.
   */
  follows(actions: readonly Action[], guarded: boolean): boolean {
    if (guarded && actions.some((action) => !action.read_only)) this.#underMasks = true
    if (!this.#underMasks) return false
    return actions.some(
      ({ kind, transaction }) => kind === 'commit' || kind === 'set_constraints' || transaction === 'none',
    )
  }

  /** The server said where it stands and nothing is under way. */
  is(status: 'I' | 'T' | 'E'): void {
    if (status === 'I') {
      this.#state = 'none'
      this.#underMasks = false
    } else if (this.#state === 'none') this.#state = 'clean'
  }

  #control(kind: string): void {
    if (kind === 'begin' || kind === 'start') this.#state = this.#state === 'none' ? 'clean' : this.#state
    // ROLLBACK TO leaves what was written before the savepoint; COMMIT AND CHAIN is put right by the server's answer.
    else if (kind === 'commit' || kind === 'rollback') this.#state = 'none'
  }
}
