import type { Json } from '@sluice/core'
import { withoutComment, type Claim } from './commenter.ts'
import { CopyBody } from './copy-body.ts'
import type { Judged } from './exchange.ts'
import type { Expected } from './flight.ts'
import type { Analysed } from './analyser.ts'
import { actionOf, emptyStatement, judged, objected, severalCommands, tooManyNames } from './judged.ts'
import { notUtf8, recordedOfRefused } from './meaning.ts'
import { front } from './messages.ts'
import type { Portal, Prepared } from './names.ts'
import { describedTypes, parseBind } from './parameters.ts'
import { recordableBind, recordableStatement, recordableUnknownBind } from './redact/message.ts'
import { isRefusal, type Draft, type Segment } from './segment.ts'
import type { SessionContext } from './session-context.ts'
import { bodyOf } from './stands-for.ts'
import type { BoundParameters } from './source.ts'
import { isOwnType } from './types.ts'
import { closedRefusal } from './walk/objection.ts'
import { Cursor, headerBytes, ProtocolViolation } from './wire.ts'

type ExtendedType =
  typeof front.parse | typeof front.bind | typeof front.describe | typeof front.execute | typeof front.close

const closedType = closedRefusal('The type of a parameter')
const statementSign = 0x53
const portalSign = 0x50

/**
 * Cuts the extended protocol into exchanges: a Parse with its Describe is one (`sql.prepare`), a Bind with its
 * Describe and Execute another. The decision is made where something is executed, with statement and values.
 */
export class Extended {
  readonly #context: SessionContext
  readonly #segment: Segment
  readonly #claim: Claim

  constructor(context: SessionContext, segment: Segment, claim: Claim) {
    this.#context = context
    this.#segment = segment
    this.#claim = claim
  }

  take(type: ExtendedType, message: Buffer, number: number): Promise<void> {
    const cursor = new Cursor(message, headerBytes)
    switch (type) {
      case front.parse:
        return this.#parse(message, cursor, number)
      case front.bind:
        return this.#bind(message, cursor, number)
      case front.describe:
        return this.#describe(message, cursor, number)
      case front.execute:
        return this.#execute(message, cursor, number)
      case front.close:
        return this.#close(cursor)
    }
  }

  async #parse(message: Buffer, cursor: Cursor, number: number): Promise<void> {
    const name = cursor.name()
    const sql = cursor.terminated()
    const types = describedTypes(cursor)
    cursor.finish()
    const { text, claims } = withoutComment(sql.toString('latin1'))
    if (claims.size > 0) this.#claim(claims)
    const analysed = await this.#context.analyse(text, number)
    const asked = await this.#judgedParse(text, types, analysed, number)
    const draft = this.#segment.begin('prepare', name, asked, name === '' ? 'unnamed' : 'parse')
    draft.ownTypes = types.some(isOwnType)
    const clear =
      asked.objection === undefined
        ? asked.source.clear?.texts[0]
        : recordedOfRefused(text, analysed.analysis)
    const recordable = recordableStatement(message, sql, text, clear)
    if (asked.objection !== undefined) return draft.add(message, { kind: 'parse' }, recordable)
    const refused = this.#context.refusesName(name)
    if (refused !== undefined) {
      draft.judged = { ...asked, objection: refused }
      return draft.add(message, { kind: 'parse' }, recordable)
    }
    const { secrets } = analysed.analysis
    const prepared = { text, secrets, index: 0, body: false, types }
    const proposal = this.#context.statements.propose(name, prepared, number)
    draft.has(proposal)
    const failed = name === '' ? { failed: () => this.#context.statements.remove('') } : {}
    draft.add(message, { kind: 'parse', done: proposal.done, ...failed }, recordable)
  }

  async #judgedParse(
    text: string,
    types: readonly number[],
    analysed: Analysed,
    number: number,
  ): Promise<Judged> {
    const { analysis, catalogue } = analysed
    const { state } = this.#context.transaction
    if (analysis.objection !== null)
      return objected(analysis.objection, catalogue, analysis.statements, state)
    if (analysis.statements.length > 1)
      return objected(severalCommands, catalogue, analysis.statements, state)
    if (!(await this.#context.reads(types, catalogue)))
      return objected(closedType, catalogue, analysis.statements, state)
    const written = analysis.statements[0] ?? emptyStatement
    const statement = await this.#context.resolve(written, number, catalogue)
    if (isRefusal(statement)) return objected(statement, catalogue, analysis.statements, state)
    const { secrets } = analysis
    const source = this.#context.source(
      [{ text, secrets }, ...this.#context.standsFor(written, number)],
      number,
    )
    return judged([statement], [actionOf(statement, 'prepare', state)], analysed, source, analysed.values)
  }

  async #bind(message: Buffer, cursor: Cursor, number: number): Promise<void> {
    let types: readonly number[] = []
    const names = { portal: cursor.name(), statement: cursor.name() }
    const preparing = this.#context.prepared(names.statement, number)
    const prepared = preparing instanceof Promise ? await preparing : preparing
    const isKnown = !this.#segment.refused(names.statement)
    if (!isRefusal(prepared)) types = prepared.types
    const { values, isText, bytes } = parseBind(cursor, types)
    const bound = await this.#bound(isText ? prepared : notUtf8, values, number, { types, bytes })
    const draft = this.#segment.begin('execute', names.portal, bound.judged)
    draft.ownTypes = types.some(isOwnType)
    const recordable =
      isKnown && bound.portal !== null
        ? recordableBind(message, bytes, bound.judged.source.clear)
        : recordableUnknownBind(message, bytes)
    if (bound.portal === null) return draft.add(message, { kind: 'bind' }, recordable)
    if (this.#context.portals.full) {
      draft.judged = { ...bound.judged, objection: tooManyNames }
      return draft.add(message, { kind: 'bind' }, recordable)
    }
    const proposal = this.#context.portals.propose(names.portal, bound.portal, number)
    draft.has(proposal)
    draft.add(message, { kind: 'bind', done: proposal.done }, recordable)
  }

  async #bound(
    prepared: Prepared | Parameters<typeof objected>[0],
    values: readonly Json[],
    number: number,
    parameters: BoundParameters | null,
  ): Promise<{ readonly judged: Judged; readonly portal: Portal | null }> {
    const { state } = this.#context.transaction
    if (isRefusal(prepared)) {
      const { catalogue } = await this.#context.analyse('', number)
      return { judged: objected(prepared, catalogue, [], state), portal: null }
    }
    const meaning = this.#context.meaning(prepared, number)
    const analysed = meaning instanceof Promise ? await meaning : meaning
    const { analysis, catalogue } = analysed
    const all = analysed.values === undefined ? values : [...analysed.values, ...values]
    if (analysis.objection !== null)
      return { judged: objected(analysis.objection, catalogue, analysis.statements, state), portal: null }
    const asked = bodyOf(analysis.statements[prepared.index], prepared) ?? emptyStatement
    const written =
      asked.settings === undefined || parameters === null ? asked : this.#context.settled(asked, values)
    if (isRefusal(written))
      return { judged: objected(written, catalogue, analysis.statements, state), portal: null }
    const resolving = this.#context.resolve(written, number, catalogue)
    const statement = resolving instanceof Promise ? await resolving : resolving
    if (isRefusal(statement))
      return { judged: objected(statement, catalogue, analysis.statements, state), portal: null }
    const searched = [prepared, ...this.#context.standsFor(written, number)]
    const source = this.#context.source(searched, number, parameters)
    return {
      judged: judged([statement], [actionOf(statement, 'prepare', state)], analysed, source, all),
      portal: {
        statement,
        written,
        text: prepared.text,
        secrets: prepared.secrets,
        index: prepared.index,
        catalogue,
        values: all,
        source,
        declared: false,
      },
    }
  }

  async #describe(message: Buffer, cursor: Cursor, number: number): Promise<void> {
    const sign = cursor.int8()
    const name = cursor.name()
    cursor.finish()
    if (sign !== statementSign && sign !== portalSign)
      throw new ProtocolViolation('invalid DESCRIBE message subtype')
    const { last } = this.#segment
    const kind = sign === statementSign ? 'prepare' : 'execute'
    if (last?.kind === kind && last.name === name && !last.executed)
      return this.#described(last, message, sign, name, number)
    const draft =
      sign === statementSign
        ? await this.#statement(name, number)
        : await this.#portal(name, number, 'prepare')
    this.#described(draft, message, sign, name, number)
  }

  /** The server tells the types of a statement's parameters: binary values can then be read. */
  #described(draft: Draft, message: Buffer, sign: number, name: string, number: number): void {
    const found = sign === statementSign ? this.#context.statements.lookup(name, number) : undefined
    const prepared = found?.kind === 'found' ? found.value : undefined
    const parameters = (answer: Buffer): void => {
      if (prepared !== undefined) prepared.types = describedTypes(new Cursor(answer, headerBytes))
    }
    draft.add(message, { kind: 'describe', parameters })
  }

  async #execute(message: Buffer, cursor: Cursor, number: number): Promise<void> {
    const name = cursor.name()
    cursor.int32()
    cursor.finish()
    const { last } = this.#segment
    const joins = last?.kind === 'execute' && last.name === name && !last.executed
    const draft = joins ? last : await this.#portal(name, number, 'execute')
    const found = this.#context.portals.lookup(name, number)
    if (draft.judged.objection !== undefined || found.kind !== 'found')
      return draft.execute(message, { kind: 'execute' })
    this.#executes(draft, message, found.value, number)
  }

  #executes(draft: Draft, message: Buffer, portal: Portal, number: number): void {
    const { statement, written, text, secrets, index, catalogue, values, source } = portal
    const action = actionOf(statement, 'execute', this.#context.transaction.state)
    draft.judged = {
      actions: [action],
      statements: [statement],
      values,
      catalogue,
      source,
      objection: undefined,
    }
    const effect = this.#context.expect(
      written,
      statement,
      { text, secrets, index, catalogue, segment: number },
      values,
    )
    if (isRefusal(effect)) {
      draft.judged = { ...draft.judged, objection: effect }
      return draft.execute(message, { kind: 'execute' })
    }
    draft.has(effect)
    if (statement.effect.kind === 'copy_in') draft.copy = new CopyBody()
    const expected: Expected = { kind: 'execute', done: () => effect.done() }
    draft.execute(message, expected)
  }

  async #close(cursor: Cursor): Promise<void> {
    const sign = cursor.int8()
    const name = cursor.name()
    cursor.finish()
    const { statements, portals } = this.#context
    if (sign === statementSign) {
      const known = await this.#carried('prepare', name)
      return this.#segment.close(name, 'S', known, () => statements.remove(name))
    }
    if (sign === portalSign) {
      const known = await this.#carried('execute', name)
      return this.#segment.close(name, 'P', known, () => portals.remove(name))
    }
    throw new ProtocolViolation('invalid CLOSE message subtype')
  }

  /** A Close may only carry a name that an allowed message has carried before it. */
  async #carried(kind: 'prepare' | 'execute', name: string): Promise<boolean> {
    if (this.#segment.holds(kind, name)) return true
    await this.#context.admitted()
    return kind === 'prepare' ? this.#context.statements.carried(name) : this.#context.portals.carried(name)
  }

  async #statement(name: string, number: number): Promise<Draft> {
    const prepared = await this.#context.prepared(name, number)
    const { judged: asked } = await this.#bound(prepared, [], number, null)
    return this.#segment.begin('prepare', name, asked)
  }

  async #portal(name: string, number: number, use: 'execute' | 'prepare'): Promise<Draft> {
    const portal = await this.#context.portal(name, 'portal', number)
    const { state } = this.#context.transaction
    if (isRefusal(portal)) {
      const { catalogue } = await this.#context.analyse('', number)
      return this.#segment.begin('execute', name, objected(portal, catalogue, [], state))
    }
    const { statement, catalogue, values, source } = portal
    const action = actionOf(statement, use, state)
    return this.#segment.begin('execute', name, {
      actions: [action],
      statements: [statement],
      values,
      catalogue,
      source,
      objection: undefined,
    })
  }
}
