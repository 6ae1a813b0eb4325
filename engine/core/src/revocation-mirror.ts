import type { Clock } from './ports.ts'
import type { Identity } from './request.ts'
import { RevocationFold } from './revocation-fold.ts'
import type { Revocation } from './revocation.ts'
import type { Revocations } from './revocations.ts'
import { limits } from './limits.ts'

/** What was revoked, in a process that is told of it by another one of the same gateway, which folds the log. */
export class RevocationMirror implements Pick<Revocations, 'of' | 'onChange'>, Disposable {
  readonly #fold = new RevocationFold()
  readonly #clock: Pick<Clock, 'now' | 'after'>
  readonly #listeners = new Set<(revocation: Revocation) => void>()
  #sweep: Disposable

  constructor(clock: Pick<Clock, 'now' | 'after'>, known: readonly Revocation[]) {
    this.#clock = clock
    for (const revocation of known) this.#fold.put(revocation, clock.now())
    this.#sweep = this.#later()
  }

  [Symbol.dispose](): void {
    this.#sweep[Symbol.dispose]()
  }

  of(identity: Identity): Revocation | undefined {
    return this.#fold.of(identity)
  }

  take(revocation: Revocation): void {
    if (this.#fold.put(revocation, this.#clock.now()) === undefined) return
    for (const listener of this.#listeners) listener(revocation)
  }

  onChange(listener: (revocation: Revocation) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  #later(): Disposable {
    return this.#clock.after(limits.revocationSweepMs, () => {
      this.#fold.forget(this.#clock.now())
      this.#sweep = this.#later()
    })
  }
}
