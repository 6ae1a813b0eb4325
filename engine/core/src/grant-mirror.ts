import { GrantFold } from './grant-fold.ts'
import type { GrantView } from './grant-view.ts'
import type { Grants } from './grants.ts'
import type { Clock } from './ports.ts'

/** The grants in a process that is told of them by another one of the same gateway, which folds the log. */
export class GrantMirror implements Pick<Grants, 'of' | 'onChange'> {
  readonly #fold = new GrantFold()
  readonly #clock: Pick<Clock, 'now'>
  readonly #listeners = new Set<(grant: GrantView) => void>()
  readonly of: Grants['of'] = (subject, target, now) => this.#fold.of(subject, target, now)

  constructor(clock: Pick<Clock, 'now'>, views: readonly GrantView[]) {
    this.#clock = clock
    for (const view of views) this.#fold.put(view, clock.now())
  }

  take(view: GrantView): void {
    this.#fold.put(view, this.#clock.now())
    for (const listener of this.#listeners) listener(view)
  }

  onChange(listener: (grant: GrantView) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }
}
