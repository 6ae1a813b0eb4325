import { refusal, type Json, type Refusal, type Session } from '@sluice/core'
import type { Analysed, Analyser } from './analyser.ts'
import type { Catalogue } from './catalogue.ts'
import { unboundSettings, withSettings } from './bound-settings.ts'
import { copiedName } from './copy/describe.ts'
import { reservedName, tooManyNames, unknownName } from './judged.ts'
import { NameTable, SearchScope, type Effect, type Portal, type Prepared } from './names.ts'
import { clearOf } from './redact/source.ts'
import type { Searched } from './redact/text.ts'
import type { BoundParameters, Source } from './source.ts'
import type { SessionEffect, Statement } from './statement.ts'
import { bodyOf, fetched, notPlannable, plannable, withArguments } from './stands-for.ts'
import type { PostgresSettings } from './target.ts'
import type { StatementTimeout } from './statement-timeout.ts'
import { Transaction } from './transaction.ts'
import { isOwnType } from './types.ts'
import { keyOf } from './walk/findings.ts'

const nothing = (): void => {}
const noEffect: Effect = { sent: nothing, done: nothing, dropped: nothing }

/** Everything that earlier messages of a connection mean for later ones. */
export class SessionContext {
  readonly statements: NameTable<Prepared> = new NameTable()
  readonly portals: NameTable<Portal> = new NameTable()
  readonly transaction: Transaction = new Transaction()
  readonly timeout: StatementTimeout
  readonly #session: Session<PostgresSettings>
  readonly #analyser: Analyser
  readonly #scope: SearchScope
  readonly #settled: () => Promise<unknown>
  /** Waits until everything that was submitted has taken its place upstream. */
  readonly admitted: () => Promise<unknown>
  /** Something was sent of which traces stay on the server's side until the connection ends. */
  #lingers = false
  #schemaChanged = false
  /** Definitions that are under way. */
  #defining = 0
  /** What a SET has made the search_path, if its transaction is not undone. */
  #path: readonly string[] | undefined

  /** `settled` waits until everything that was sent has been answered. */
  constructor(
    session: Session<PostgresSettings>,
    analyser: Analyser,
    settled: () => Promise<unknown>,
    admitted: () => Promise<unknown>,
    timeout: StatementTimeout,
  ) {
    this.timeout = timeout
    this.#session = session
    this.#analyser = analyser
    this.#scope = new SearchScope(session.target.settings.schemas)
    this.#settled = settled
    this.admitted = admitted
  }

  get lingers(): boolean {
    return this.#lingers
  }

  analyse(text: string, segment: number): Analysed | Promise<Analysed> {
    if (!this.#scope.unsettled(segment))
      return this.#analyser.analyse(text, this.#scope.names(segment), this.#session)
    return this.#settled().then(() => this.#analyser.analyse(text, this.#scope.names(segment), this.#session))
  }

  /** Whether values of these types (OIDs) are read without running anybody's code. One may be newer than the picture. */
  async reads(types: readonly number[], { readable }: Catalogue): Promise<boolean> {
    const own = types.filter(isOwnType)
    if (own.every((oid) => readable.has(oid))) return true
    const newer = await Promise.resolve(this.#analyser.source.again(this.#session)).catch(() => undefined)
    return own.every((oid) => newer?.readable.has(oid) === true)
  }

  /** The prepared statement of that name, as the server will find it when this is executed. */
  prepared(name: string, segment: number): Prepared | Refusal | Promise<Prepared | Refusal> {
    const found = this.statements.lookup(name, segment)
    if (found.kind === 'found') return found.value
    if (found.kind === 'none') return unknownName('statement', name)
    return this.#settled().then(() => this.prepared(name, segment))
  }

  portal(
    name: string,
    what: 'portal' | 'cursor',
    segment: number,
  ): Portal | Refusal | Promise<Portal | Refusal> {
    const found = this.portals.lookup(name, segment)
    if (found.kind === 'found') return found.value
    if (found.kind === 'none') return unknownName(what, name)
    return this.#settled().then(() => this.portal(name, what, segment))
  }

  /** Why no further statement can be prepared under that name. */
  refusesName(name: string): Refusal | undefined {
    if (name === copiedName) return reservedName
    return this.statements.full ? tooManyNames : undefined
  }

  /** What a prepared statement means now: a SET or a change of the schema may have changed it since its Parse. */
  meaning(prepared: Prepared, segment: number): Analysed | Promise<Analysed> {
    return this.analyse(prepared.text, segment)
  }

  /** EXECUTE and FETCH do what was prepared or declared under their name. `catalogue`: what the statement was analysed with. */
  resolve(
    statement: Statement,
    segment: number,
    catalogue: Catalogue,
  ): Statement | Refusal | Promise<Statement | Refusal> {
    const { effect } = statement
    if (effect.kind === 'execute') {
      const prepared = this.prepared(effect.name, segment)
      return prepared instanceof Promise
        ? prepared.then((late) => this.#executed(statement, late, segment))
        : this.#executed(statement, prepared, segment)
    }
    if (effect.kind === 'fetch') {
      const portal = this.portal(effect.cursor, 'cursor', segment)
      return portal instanceof Promise
        ? portal.then((late) => fetched(statement, late, catalogue))
        : fetched(statement, portal, catalogue)
    }
    return statement
  }

  async #executed(
    execute: Statement,
    prepared: Prepared | Refusal,
    segment: number,
  ): Promise<Statement | Refusal> {
    if ('code' in prepared) return prepared
    const { analysis, values = [] } = await this.meaning(prepared, segment)
    if (analysis.objection !== null) return analysis.objection
    const body = bodyOf(analysis.statements[prepared.index], prepared)
    if (body === undefined || body.effect.kind !== 'none' || !plannable.has(body.action.name))
      return notPlannable
    return withArguments(body, values, execute)
  }

  /** With the values of its parameters, one that sets what these name. */
  settled(statement: Statement, values: readonly Json[]): Statement | Refusal {
    return withSettings(statement, values, this.#session.target.settings.schemas)
  }

  /** What an approval of a message with these texts is bound to. */
  source(searched: readonly Searched[], segment: number, bound: BoundParameters | null = null): Source {
    const { searchPaths } = this.#scope.names(segment)
    const texts = searched.map(({ text }) => text)
    return { texts, bound, searchPaths, clear: clearOf(searched, bound) }
  }

  /** The text of what EXECUTE or FETCH stands for, once `resolve` has found it. */
  standsFor({ effect }: Statement, segment: number): readonly Searched[] {
    if (effect.kind !== 'execute' && effect.kind !== 'fetch') return []
    const found =
      effect.kind === 'execute'
        ? this.statements.lookup(effect.name, segment)
        : this.portals.lookup(effect.cursor, segment)
    return found.kind === 'found' ? [found.value] : []
  }

  /** The statement is on its way: what it will change counts for what follows it. `done`: what it stands for. */
  expect(
    statement: Statement,
    done: Statement,
    origin: Searched & {
      readonly index: number
      readonly catalogue: Catalogue
      readonly segment: number
    },
    values: readonly Json[] = [],
  ): Effect | Refusal {
    if (statement.settings !== undefined || done.settings !== undefined) return unboundSettings
    const effect = this.#effect(statement, origin, values)
    if ('code' in effect) return effect
    this.transaction.expects(done)
    this.#lingers ||= statement.lingers || done.lingers
    return effect
  }

  #effect(
    statement: Statement,
    { text, secrets, index, catalogue, segment }: Parameters<SessionContext['expect']>[2],
    values: readonly Json[],
  ): Effect | Refusal {
    const { effect } = statement
    switch (effect.kind) {
      case 'none':
      case 'execute':
      case 'fetch':
      case 'copy_in':
      case 'copy_out':
        return noEffect
      case 'prepare': {
        const refused = this.refusesName(effect.name)
        if (refused !== undefined) return refused
        return this.statements.propose(effect.name, { text, secrets, index, body: true, types: [] }, segment)
      }
      case 'declare': {
        if (this.portals.full) return tooManyNames
        const { body } = effect
        const portal: Portal = {
          statement: body,
          written: body,
          text,
          secrets,
          index,
          catalogue,
          values,
          source: this.source([{ text, secrets }], segment),
          declared: true,
        }
        return this.portals.propose(effect.cursor, portal, segment)
      }
      case 'deallocate':
        return doing(() => this.#deallocate(effect.name))
      case 'close':
        return doing(() => this.#close(effect.cursor))
      case 'timeout':
        return doing(() => this.timeout.is(effect.ms, effect.local))
      case 'search_path':
        return this.#searchPath(effect.schemas, effect.local)
      case 'temp_table':
        return this.#scope.expect({ segment, temporary: effect.name })
      case 'ddl':
        return this.#definition(effect, catalogue, segment)
      case 'discard_all':
        if (!this.#scope.mayBe(this.#session.target.settings.schemas)) return tooManyPaths
        return doing(() => {
          this.#deallocate(null)
          this.#close(null)
        })
    }
  }

  /** What is sent now finds the target as that picture shows it, as far as this gateway changes it. */
  isSure(catalogue: Catalogue): boolean {
    return this.#defining === 0 && !this.#schemaChanged && this.#analyser.source.isNewest(catalogue)
  }

  /**
   * The server said where the transaction stands; `idle`: and nothing is under way. `alone`: one command was done since it last
   * said so and nothing failed; another one may have undone what was done before it, without an error too, as ROLLBACK does.
   */
  ready(status: 'I' | 'T' | 'E', idle: boolean, alone: boolean): void {
    if (idle) this.transaction.is(status)
    if (this.#path !== undefined && status === 'I' && alone) this.#scope.is(this.#path)
    this.#path = undefined
    if (status !== 'I') return
    this.timeout.transactionOver()
    this.portals.removeIf(({ declared }) => !declared)
    if (idle) this.#scope.transactionOver()
    if (!this.#schemaChanged) return
    this.#schemaChanged = false
    this.#analyser.source.invalidate()
  }

  #deallocate(name: string | null): void {
    if (name === null) this.statements.removeIf(() => true)
    else this.statements.remove(name)
  }

  #close(name: string | null): void {
    if (name === null) this.portals.removeIf(() => true)
    else this.portals.remove(name)
  }

  #searchPath(path: readonly string[], local: boolean): Effect | Refusal {
    const lasts = this.transaction.state === 'none' && !local
    if (!this.#scope.mayBe(path)) return tooManyPaths
    return lasts ? doing(() => (this.#path = path)) : noEffect
  }

  #definition(
    { creates, reshapes, moves }: Extract<SessionEffect, { kind: 'ddl' }>,
    catalogue: Catalogue,
    segment: number,
  ): Effect {
    const isNew = creates !== undefined && !catalogue.relations.has(keyOf(creates))
    const names = this.#scope.expect({
      segment,
      ...(isNew ? { creates } : {}),
      ...(reshapes === undefined ? {} : { reshapes }),
      ...(moves === true ? { moves } : {}),
    })
    this.#defining += 1
    const settled = once(() => (this.#defining -= 1))
    return {
      ...names,
      done: () => {
        names.done()
        settled()
        this.#schemaChanged = true
      },
      dropped: () => {
        names.dropped()
        settled()
      },
    }
  }
}

const tooManyPaths = refusal(
  'too_large',
  'adapter/limits',
  'This connection has changed its search_path too often. Connect again.',
)

function once(act: () => void): () => void {
  let open = true
  return () => {
    if (open) act()
    open = false
  }
}

function doing(done: () => void): Effect {
  return { ...noEffect, done }
}
