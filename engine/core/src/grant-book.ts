import { reasonText } from './approval-request.ts'
import type { Objection } from './approval.ts'
import { Control } from './control.ts'
import { refusal, Refused } from './errors.ts'
import type { RecordedEvent } from './events.ts'
import { grantObjection, grantStateAt } from './grant.ts'
import { GrantFold } from './grant-fold.ts'
import { grantRecord, ungrantable } from './grant-request.ts'
import type { GrantBody, GrantView } from './grant-view.ts'
import type { GrantPorts, GrantResult, Grants, Wanted } from './grants.ts'
import { peopleBehind, subjectRecord } from './people.ts'
import type { PolicyGrant } from './ports.ts'
import type { Identity, Subject } from './request.ts'

/** The grants as one gateway knows them. */
export class GrantBook implements Grants {
  readonly #ports: GrantPorts
  readonly #fold = new GrantFold()
  readonly #control: Control
  readonly #underWay = new Set<Wanted>()
  readonly #listeners = new Set<(grant: GrantView) => void>()

  constructor(ports: GrantPorts) {
    this.#ports = ports
    this.#control = new Control(ports, (event) => this.#apply(event))
  }

  open(): Promise<void> {
    return this.#control.open()
  }

  get healthy(): boolean {
    return this.#control.healthy
  }

  async request(wanted: Wanted): Promise<GrantView> {
    const { clock, ids, owners, access } = this.#ports
    const rule = access(wanted.target)
    const now = clock.now()
    const refused = ungrantable(wanted, rule, {
      views: this.#fold.all(),
      underWay: [...this.#underWay],
      now,
    })
    if (refused !== undefined || rule === undefined) throw new Refused(refused ?? unrecorded)
    const id = ids.next('grt')
    const data = grantRecord(id, wanted, rule, peopleBehind(wanted.subject, owners), now)
    this.#underWay.add(wanted)
    try {
      await this.#control.record({ type: 'GrantRequested', data })
    } finally {
      this.#underWay.delete(wanted)
    }
    const view = this.find(id)
    if (view === undefined) throw new Refused(unrecorded)
    return view
  }

  find(id: string): GrantView | undefined {
    const view = this.#fold.get(id)
    return view === undefined ? undefined : this.#asOfNow(view)
  }

  list(): readonly GrantView[] {
    return this.#fold.all().map((view) => this.#asOfNow(view))
  }

  of(subject: Pick<Subject, 'id' | 'on_behalf_of'>, target: string, now: number): readonly PolicyGrant[] {
    return this.#fold.of(subject, target, now)
  }

  async decide(id: string, by: Identity, decision: 'give' | 'reject', reason: string): Promise<GrantResult> {
    const { clock, owners, access } = this.#ports
    const view = this.find(id)
    if (view === undefined) return { kind: 'unknown' }
    const now = clock.now()
    if (by.expiresAt <= now)
      return { kind: 'forbidden', reason: 'The token of this decision is no longer good.' }
    const data = {
      grant: id,
      by: subjectRecord(by.subject),
      people: peopleBehind(by.subject, owners),
      token_id: by.tokenId,
      reason: reasonText(reason),
    }
    const rule = access(view.target)
    const lifeMs = Math.min(view.lifeMs, rule?.maxMs ?? 0)
    return this.#command(
      view,
      decision === 'give'
        ? { type: 'GrantGiven', data: { ...data, expires_ms: now + lifeMs } }
        : { type: 'GrantRejected', data },
      // What the configuration says by now only ever takes away.
      by.subject.groups.some((group) => rule?.approvers.includes(group)) ? undefined : noApprover,
    )
  }

  async revoke(id: string, by: Subject, reason: string): Promise<GrantResult> {
    const view = this.find(id)
    if (view === undefined) return { kind: 'unknown' }
    return this.#command(view, {
      type: 'GrantRevoked',
      data: { grant: id, by: by.id, reason: reasonText(reason) },
    })
  }

  onChange(listener: (grant: GrantView) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  close(): Promise<void> {
    return this.#control.close()
  }

  /** Answers by what the fold made of the event, also when somebody else's came first meanwhile. */
  async #command(before: GrantView, body: GrantBody, further?: Objection): Promise<GrantResult> {
    const { clock } = this.#ports
    const objected = grantObjection(before, body, clock.now()) ?? further
    if (objected?.kind === 'forbidden') return { kind: 'forbidden', reason: objected.reason }
    if (objected !== undefined) return { kind: 'conflict', grant: before, reason: objected.reason }
    const accepted = await this.#control.record(body)
    const grant = this.find(before.id) ?? before
    if (accepted) return { kind: 'accepted', grant }
    const reason = grantObjection(grant, body, clock.now())?.reason ?? 'Something else came first.'
    return { kind: 'conflict', grant, reason }
  }

  #apply(event: RecordedEvent): boolean {
    const view = this.#fold.apply(event)
    if (view === undefined) return false
    for (const listener of this.#listeners) {
      try {
        listener(view)
      } catch (error) {
        this.#ports.report('a listener of grants failed', error)
      }
    }
    return true
  }

  #asOfNow(view: GrantView): GrantView {
    const state = grantStateAt(view, this.#ports.clock.now())
    return state === view.state ? view : { ...view, state }
  }
}

const noApprover: Objection = { kind: 'forbidden', reason: 'This person is not among the approvers.' }

const unrecorded = refusal('log_unavailable', 'sluice/log', 'The request for access could not be recorded.')
