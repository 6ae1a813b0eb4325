import { message, Transcript, type Login } from '../src/index.ts'
import type { Backdoors } from './backdoor.ts'
import { Direct, joined } from './direct.ts'
import { difference, essenceOf } from './essence.ts'
import type { Outcome, Result } from './finding.ts'
import type { Entry, Ledger } from './ledger.ts'
import { bindsFiles, isPinned } from './reach.ts'
import { Through } from './through.ts'
import { isQuery, misnamed, touchedBy } from './touched.ts'
import { claimsReadOnly, misreadings, undoesReadOnly, type Origins } from './truth.ts'

/** The same database on three servers. */
export interface Stage {
  readonly direct: Login
  /** Asked the same once more: what it answers otherwise no gateway can answer equally. */
  readonly control: Login
  readonly through: () => Promise<Login>
  readonly doors: Backdoors
  readonly ledger: Ledger
  readonly origins: Origins
  /** The gateway reads its catalogue anew. */
  readonly refresh: () => Promise<void>
}

/** Messages up to one that a server answers with ReadyForQuery, and the statement in them. */
export interface Request {
  readonly bytes: Uint8Array
  readonly statement: string
  /** Where the gateway refuses it, no server runs it. */
  readonly leavesRefused?: boolean
}

/** What the client is told. Without a result the server waits for COPY data. */
export interface Answered {
  readonly reply: Transcript
  readonly result: Result | undefined
}

let opened = 0

/** One client's connection, on all three servers. */
export class Lanes {
  readonly #direct: Direct
  readonly #control: Direct
  readonly #through: Through
  readonly #stage: Stage
  readonly #application: string
  #request: Request = { bytes: Buffer.alloc(0), statement: '' }
  #misread: readonly string[] = []
  #entry: Entry | undefined
  /** The server's own analysis of it was there to compare with. */
  #planned = false
  /** The server says by itself when a transaction writes; in these sessions it was told to say it. */
  #asksReadOnly = true
  #stale = false

  static async open(stage: Stage, wanted: Readonly<Record<string, string>>): Promise<Lanes> {
    const application = `conformance-${++opened}`
    const parameters = { ...wanted, application_name: application }
    // The gateway pins it.
    const own = { ...parameters, search_path: '"public"' }
    const [direct, control, through] = await Promise.all([
      Direct.open({ ...stage.direct, parameters: own }),
      Direct.open({ ...stage.control, parameters: own }),
      stage.through().then((login) => Through.open({ ...login, parameters }, application, stage.doors)),
    ])
    return new Lanes(stage, application, direct, control, through)
  }

  private constructor(stage: Stage, application: string, direct: Direct, control: Direct, through: Through) {
    this.#stage = stage
    this.#application = application
    this.#direct = direct
    this.#control = control
    this.#through = through
  }

  get greeting(): Transcript {
    return this.#direct.greeting
  }

  /** On all servers alike, past the gateway, while nothing is under way. */
  async aside(sql: string): Promise<void> {
    const bytes = message.query(sql)
    await Promise.all([this.#direct.query(sql), this.#control.query(sql), this.#through.aside(bytes)])
  }

  async ask(request: Request): Promise<Answered> {
    const { bytes, statement, leavesRefused = false } = request
    this.#request = request
    this.#misread = []
    const pinned = leavesRefused || isPinned(statement)
    const through = this.#through.ask(bytes, pinned ? 'leave' : 'stand_in')
    if (pinned || bindsFiles(statement)) await through
    if (pinned && this.#through.refused) return this.#skipped()
    await Promise.all([through, this.#direct.ask(bytes)])
    this.#entry = this.#stage.ledger.take(this.#application)
    await this.#compareRelations()
    await this.#askControl()
    return this.#answered()
  }

  /** COPY data, and its end. */
  async more(bytes: Uint8Array): Promise<Answered> {
    const lanes = [this.#direct, this.#control, this.#through].filter(({ copying }) => copying)
    await Promise.all(lanes.map((lane) => lane.more(bytes)))
    return this.#answered()
  }

  close(): void {
    for (const lane of [this.#direct, this.#control, this.#through]) lane.close()
  }

  /** The server plans it in a transaction of its own, before it runs: what it leaves behind may change what is found. */
  async #compareRelations(): Promise<void> {
    this.#planned = false
    if (this.#entry === undefined || this.#through.refused) return
    const { actions } = this.#entry
    if (!this.#control.idle || !isQuery(actions)) return
    const analysis = await touchedBy(this.#request.statement, actions, (sql) => this.#control.query(sql))
    this.#planned = analysis !== null
    if (analysis !== null) this.#misread = misnamed(actions, analysis)
  }

  /** What the gateway takes for reading is tried where writing fails. */
  async #askControl(): Promise<void> {
    const { bytes, statement } = this.#request
    if (undoesReadOnly(statement)) this.#asksReadOnly = false
    const tries =
      this.#asksReadOnly &&
      !this.#through.refused &&
      this.#entry !== undefined &&
      joined(this.#direct.heard).status === 'I' &&
      this.#control.idle &&
      claimsReadOnly(this.#entry.actions)
    if (tries) await this.#control.query('SET default_transaction_read_only = on')
    await this.#control.ask(bytes)
    if (!tries) return
    await this.#control.query('RESET default_transaction_read_only')
    const error = joined(this.#control.heard).errors.find(({ code }) => code === '25006')
    if (error !== undefined) this.#misread = [...this.#misread, `read_only, but: ${error.message}`]
  }

  async #answered(): Promise<Answered> {
    const reply = this.#direct.heard.at(-1) ?? joined([])
    if (this.#direct.copying) return { reply, result: undefined }
    const outcome = this.#outcome()
    if (this.#through.refused) await this.#caughtUp()
    const told = joined(this.#through.heard)
    if (outcome.kind === 'equal' && this.#entry !== undefined)
      this.#misread = [
        ...this.#misread,
        ...(await misreadings(this.#entry.actions, told, this.#stage.origins)),
      ]
    return { reply, result: { outcome, misread: this.#misread, planned: this.#planned } }
  }

  #outcome(): Outcome {
    const direct = joined(this.#direct.heard)
    const said = essenceOf(direct)
    const through = joined(this.#through.heard)
    if (this.#through.refused) return this.#refusal(direct)
    const heard = essenceOf(through)
    if (same(said, heard)) return { kind: 'equal', failed: direct.errors.length > 0 }
    if (this.#misread.length === 0 && !same(said, essenceOf(joined(this.#control.heard))))
      return { kind: 'unstable' }
    return { kind: 'differs', how: through.closed ? 'the connection is broken' : difference(said, heard) }
  }

  #refusal(direct: Transcript): Outcome {
    const [told] = joined(this.#through.heard).errors
    const [error] = direct.errors
    if (told === undefined) return { kind: 'differs', how: 'refused without an error' }
    const isSame = (['code', 'message', 'position'] as const).every((part) => error?.[part] === told[part])
    if (isSame) return { kind: 'same_error' }
    const { rule, reason } = this.#why(told)
    return {
      kind: 'refused',
      rule,
      reason,
      fails: error === undefined ? null : `${error.code} ${error.message}`,
    }
  }

  #why({ code, message: text }: { readonly code: string; readonly message: string }): {
    readonly rule: string
    readonly reason: string
  } {
    const [, rule, reason] =
      /^Access denied by policy "([^"]*)"[^:]*: (.*?)(?: This is final|$)/.exec(text) ?? []
    return { rule: rule ?? this.#entry?.rule ?? code, reason: reason ?? text }
  }

  #skipped(): Answered {
    const reply = joined(this.#through.heard)
    this.#entry = this.#stage.ledger.take(this.#application)
    const [told] = reply.errors
    const why = this.#why(told ?? { code: '', message: '' })
    return { reply, result: { outcome: { kind: 'skipped', ...why }, misread: [], planned: false } }
  }

  /** What was changed by the back door is news to the gateway, as what any other session changes. */
  async #caughtUp(): Promise<void> {
    const changed = joined(this.#through.instead).tags.some((tag) =>
      /^(CREATE|ALTER|DROP|SELECT|DO)/.test(tag),
    )
    this.#stale ||= changed
    if (!this.#stale || joined(this.#through.heard).status !== 'I') return
    this.#stale = false
    await this.#stage.refresh()
  }
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((line, index) => line === other[index])
}
