import type { Arrival, Lane, Refusal } from '@sluice/core'
import { closeNamed, closeNothing, sync } from './constants.ts'
import type { CopyBody } from './copy-body.ts'
import type { Judged, Message, Parts } from './exchange.ts'
import type { Expected } from './flight.ts'
import type { Effect } from './names.ts'
import type { SessionContext } from './session-context.ts'

/** An exchange that more messages may still join. */
export class Draft {
  readonly kind: 'prepare' | 'execute'
  /** The statement that it prepares or the portal that it executes. */
  readonly name: string
  readonly messages: Message[]
  readonly poison: Parts['poison']
  judged: Judged
  copy: CopyBody | undefined
  executed = false
  /** A parameter has a type that is not the server's own. */
  ownTypes = false
  readonly #sent: (() => void)[] = []
  readonly #dropped: (() => void)[] = []

  constructor(
    kind: Draft['kind'],
    name: string,
    judged: Judged,
    before: readonly Message[],
    poison: Parts['poison'],
  ) {
    this.kind = kind
    this.name = name
    this.judged = judged
    this.messages = [...before]
    this.poison = poison
  }

  /** `recordable`: what the log holds of it when it holds a secret. */
  add(bytes: Buffer, expected: Expected, recordable?: Buffer): void {
    this.messages.push({ bytes, expected, governed: true, recordable })
  }

  execute(bytes: Buffer, expected: Expected): void {
    this.executed = true
    this.messages.push({ bytes, expected, governed: true, executes: this.name })
  }

  /** It counts while the exchange is under way, and after it if the server says so. */
  has({ sent, dropped }: Effect): void {
    this.#sent.push(sent)
    this.#dropped.push(dropped)
  }

  /** `undoes`: its failure would undo what was executed since the last Sync. */
  parts(flushes: boolean, undoes: boolean, context: Pick<SessionContext, 'isSure' | 'statements'>): Parts {
    return {
      judged: this.judged,
      messages: this.messages,
      poison: this.poison,
      flushes,
      copy: this.copy,
      leavesNothing: this.leavesNothing && !undoes && context.isSure(this.judged.catalogue),
      unnamedLost: () => context.statements.remove(''),
      forwarded: () => {
        for (const sent of this.#sent) sent()
      },
      settled: () => {
        for (const dropped of this.#dropped) dropped()
      },
    }
  }

  /**
   * A statement that is prepared under a name stays, and a portal that was there before is moved; what has no name
   * gives way to the next. In a transaction that has written, a refusal is to undo what was written.
   */
  get leavesNothing(): boolean {
    const { actions, statements } = this.judged
    return (
      statements.length === actions.length &&
      statements.every(({ effectFree }) => effectFree) &&
      !this.ownTypes &&
      actions.every(({ transaction }) => transaction !== 'dirty') &&
      (this.poison === 'unnamed' || (this.#begins && actions.every(({ name }) => name === 'sql.select')))
    )
  }

  get #begins(): boolean {
    return (
      this.name === '' && this.messages.some(({ expected: { kind } }) => kind === 'query' || kind === 'bind')
    )
  }
}

/** The messages of the extended protocol since the last Sync, cut into exchanges. */
export class Segment {
  drafts: Draft[] = []
  /** Constants that stand before the next exchange. */
  lead: Message[] = []
  /** Of the first message that was not handed on yet. */
  #arrival: Arrival
  /** Something was handed on that a failure before the next Sync undoes. */
  #undoable = false

  arrived(lane: Pick<Lane, 'arrive'>): void {
    this.#arrival ??= lane.arrive()
  }

  get last(): Draft | undefined {
    return this.drafts[this.drafts.length - 1]
  }

  /** Messages not handed on yet propose that name: Close stands or falls with them. */
  holds(kind: Draft['kind'], name: string): boolean {
    return this.drafts.some((draft) => draft.kind === kind && draft.name === name)
  }

  /** The last Parse of that name cannot be judged: what a Bind to it would mean nobody knows. */
  refused(statement: string): boolean {
    const last = this.drafts.findLast(({ kind, name }) => kind === 'prepare' && name === statement)
    return last?.judged.objection !== undefined
  }

  begin(kind: Draft['kind'], name: string, judged: Judged, poison: Parts['poison'] = 'parse'): Draft {
    const draft = new Draft(kind, name, judged, this.lead, poison)
    this.lead = []
    this.drafts.push(draft)
    return draft
  }

  /** Close of a name that was judged, or of one that cannot exist. */
  close(name: string, what: 'S' | 'P', known: boolean, done: () => void): void {
    this.#constant(known ? closeNamed(what, name) : closeNothing[what], { kind: 'close', done })
  }

  sync(): void {
    this.#constant(sync, { kind: 'sync' })
  }

  /** `goesOn`: without a Sync at its end. */
  take(goesOn: boolean): {
    readonly drafts: readonly Draft[]
    readonly lead: readonly Message[]
    readonly arrival: Arrival
    /** Their failure would undo what was executed since the last Sync. */
    readonly undoes: boolean
  } {
    const { drafts, lead } = this
    const arrival = this.#arrival
    const undoes = this.#undoable
    const executes = drafts.some((draft) => draft.kind === 'execute' && !draft.leavesNothing)
    this.#undoable = goesOn && (undoes || executes)
    this.drafts = []
    this.lead = []
    this.#arrival = undefined
    return { drafts, lead, arrival, undoes }
  }

  #constant(bytes: Buffer, expected: Expected): void {
    const message = { bytes, expected, governed: false }
    const { last } = this
    if (last === undefined) this.lead.push(message)
    else last.messages.push(message)
  }
}

export function isRefusal(value: object): value is Refusal {
  return 'code' in value && 'rule' in value
}
