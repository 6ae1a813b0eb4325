import type { Registration, Registrations } from './registrations.ts'

/** Added targets in a process that is told of them by another one of the same gateway, which folds the log. */
export class RegistrationMirror implements Pick<Registrations, 'list' | 'onChange'> {
  readonly #registered: Map<string, Registration>
  readonly #listeners = new Set<(name: string) => void>()

  constructor(known: readonly Registration[]) {
    this.#registered = new Map(known.map((each) => [each.name, each]))
  }

  list(): readonly Registration[] {
    return [...this.#registered.values()]
  }

  /** `null`: it went. */
  take(name: string, registration: Registration | null): void {
    this.#registered.delete(name)
    if (registration !== null) this.#registered.set(name, registration)
    for (const listener of this.#listeners) listener(name)
  }

  onChange(listener: (name: string) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }
}
