import { evolveGrant, grantStateAt, isGrantLive } from './grant.ts'
import type { GrantEvent, GrantView } from './grant-view.ts'
import type { RecordedEvent } from './events.ts'
import { limits } from './limits.ts'
import { callerOf } from './people.ts'
import type { PolicyGrant } from './ports.ts'
import type { Subject } from './request.ts'

/** Shared, so that who has no grant costs nothing. */
export const noGrants: readonly PolicyGrant[] = Object.freeze([])

/** What one subject was given on one target. */
interface Held {
  readonly views: readonly GrantView[]
  /** As policies see it, until the first of them ends. */
  readonly valid: readonly PolicyGrant[]
  readonly until: number
}

/** The grants as the control stream tells. No effects; it never asks for the time by itself. */
export class GrantFold {
  /** In the order of their requests. */
  readonly #views = new Map<string, GrantView>()
  /** What was given, by subject and target. */
  readonly #held = new Map<string, Map<string, Held>>()

  /** The grant that the event changed. */
  apply(event: RecordedEvent): GrantView | undefined {
    const of = grantEvent(event)
    if (of === undefined) return undefined
    const known = this.#views.get(of.data.grant)
    const view = evolveGrant(known, of)
    if (view === undefined || view === known) return undefined
    this.put(view, event.time)
    return view
  }

  /** A grant as another fold of the same log has it now. */
  put(view: GrantView, now: number): void {
    const known = this.#views.get(view.id)
    this.#views.set(view.id, view)
    if (known?.state === 'given' || view.state === 'given') this.#hold(view)
    if (this.#views.size > limits.grantsKeptMax) this.#forgetOne(now)
  }

  get(id: string): GrantView | undefined {
    return this.#views.get(id)
  }

  /** In the order of their requests. */
  all(): readonly GrantView[] {
    return [...this.#views.values()]
  }

  /** Frozen, and the same list until one is given, revoked or ends. */
  of(subject: Pick<Subject, 'id' | 'on_behalf_of'>, target: string, now: number): readonly PolicyGrant[] {
    if (this.#held.size === 0) return noGrants
    const holder = callerOf(subject)
    const held = this.#held.get(holder)?.get(target)
    if (held === undefined) return noGrants
    if (now < held.until) return held.valid
    // An end stays an end, also when the clock is set back: what is over is not looked at again.
    return this.#keep(
      holder,
      target,
      held.views.filter(({ endsAt }) => endsAt > now),
    )
  }

  #hold(view: GrantView): void {
    const { id, subject, target } = view
    const holder = callerOf(subject)
    const known = this.#held.get(holder)?.get(target)?.views ?? []
    const others = known.filter((other) => other.id !== id)
    this.#keep(holder, target, view.state === 'given' ? [...others, view] : others)
  }

  #keep(holder: string, target: string, views: readonly GrantView[]): readonly PolicyGrant[] {
    const targets = this.#held.get(holder) ?? new Map<string, Held>()
    targets.delete(target)
    const valid = views.length === 0 ? noGrants : Object.freeze(views.flatMap(policyGrant))
    const until = Math.min(...views.map(({ endsAt }) => endsAt))
    if (views.length > 0) targets.set(target, { views, valid, until })
    if (targets.size > 0) this.#held.set(holder, targets)
    else this.#held.delete(holder)
    return valid
  }

  /** The oldest of which nothing can come any more. */
  #forgetOne(now: number): void {
    for (const view of this.#views.values()) {
      if (isGrantLive(grantStateAt(view, now))) continue
      this.#views.delete(view.id)
      if (view.state === 'given') this.#hold({ ...view, state: 'ended' })
      return
    }
  }
}

function policyGrant(view: GrantView): readonly PolicyGrant[] {
  const { id, target, role, endsAt, reason, decided } = view
  if (decided === null) return []
  return [Object.freeze({ id, target, role, until_ms: endsAt, reason, given_by: decided.by.id })]
}

function grantEvent(event: RecordedEvent): GrantEvent | undefined {
  switch (event.type) {
    case 'GrantRequested':
    case 'GrantGiven':
    case 'GrantRejected':
    case 'GrantRevoked':
      return event
    default:
      return undefined
  }
}
