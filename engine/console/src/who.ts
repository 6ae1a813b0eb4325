import { computed, signal, type ReadonlySignal } from '@preact/signals'
import type { Role, Session } from './api/shapes.ts'

/** Who looks at the console: not known yet, nobody, or somebody. */
export type Who =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'somebody'; readonly session: Session }

const current = signal<Who>({ kind: 'unknown' })

export const who: ReadonlySignal<Who> = computed(() => current.value)

export function signedIn(session: Session): void {
  current.value = { kind: 'somebody', session }
}

/** The gateway knows nobody any more: it ended, or somebody ended it. */
export function signedOut(): void {
  if (current.value.kind !== 'nobody') current.value = { kind: 'nobody' }
}

/** Proves that a request comes from this page. */
export function csrf(): string {
  return current.value.kind === 'somebody' ? current.value.session.csrf : ''
}

/** What is shown follows from roles; what is allowed is the API's to say, each time. */
export function is(role: Role): boolean {
  return current.value.kind === 'somebody' && current.value.session.roles.includes(role)
}

export function me(): string {
  return current.value.kind === 'somebody' ? current.value.session.subject : ''
}
