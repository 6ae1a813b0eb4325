import { refusal, type Action, type Refusal } from '@sluice/core'
import type { Analysed } from './analyser.ts'
import { withoutComment, type Claim } from './commenter.ts'
import { CopyBody } from './copy-body.ts'
import type { Judged } from './exchange.ts'
import { actionOf, emptyStatement, functionCalled, judged, objected } from './judged.ts'
import { recordedOfRefused } from './meaning.ts'
import type { Effect } from './names.ts'
import { recordableCall, recordableStatement } from './redact/message.ts'
import type { Searched } from './redact/text.ts'
import { isRefusal, type Segment } from './segment.ts'
import type { SessionContext } from './session-context.ts'
import type { Statement } from './statement.ts'
import { Cursor, headerBytes } from './wire.ts'

interface Asked {
  readonly judged: Judged
  readonly effects: readonly Effect[]
  readonly copy: CopyBody | undefined
}

/** The simple protocol: one Query is one exchange, whose statements are all judged, and all run or none does. */
export class Simple {
  readonly #context: SessionContext
  readonly #segment: Segment
  readonly #claim: Claim

  constructor(context: SessionContext, segment: Segment, claim: Claim) {
    this.#context = context
    this.#segment = segment
    this.#claim = claim
  }

  async query(message: Buffer, number: number): Promise<void> {
    const cursor = new Cursor(message, headerBytes)
    const sql = cursor.terminated()
    cursor.finish()
    const { text, claims } = withoutComment(sql.toString('latin1'))
    if (claims.size > 0) this.#claim(claims)
    const analysing = this.#context.analyse(text, number)
    const analysed = analysing instanceof Promise ? await analysing : analysing
    const asked = await this.#asked(text, analysed, number)
    const draft = this.#segment.begin('execute', '', asked.judged, 'query')
    draft.copy = asked.copy
    for (const effect of asked.effects) draft.has(effect)
    let next = 0
    const { objection, source } = asked.judged
    const clear =
      objection === undefined ? source.clear?.texts[0] : recordedOfRefused(text, analysed.analysis)
    const recordable = recordableStatement(message, sql, text, clear)
    draft.add(message, { kind: 'query', done: () => asked.effects[next++]?.done() }, recordable)
  }

  /** A function called by its number, past SQL and everything that is judged. */
  async functionCall(message: Buffer, number: number): Promise<void> {
    const { catalogue } = await this.#context.analyse('', number)
    const draft = this.#segment.begin('execute', '', functionCalled(catalogue), 'query')
    draft.add(message, { kind: 'query' }, recordableCall(message))
  }

  async #asked(text: string, analysed: Analysed, number: number): Promise<Asked> {
    const { analysis, catalogue } = analysed
    const effects: Effect[] = []
    const statements: Statement[] = []
    const { secrets } = analysis
    const searched: Searched[] = [{ text, secrets }]
    const actions: Action[] = []
    const { state } = this.#context.transaction
    const fail = (objection: Refusal): Asked => {
      for (const effect of effects) effect.dropped()
      return {
        judged: objected(objection, catalogue, analysis.statements, state),
        effects: [],
        copy: undefined,
      }
    }
    if (analysis.objection !== null) return fail(analysis.objection)
    const written = analysis.statements.length === 0 ? [emptyStatement] : analysis.statements
    for (const [index, statement] of written.entries()) {
      const resolving = this.#context.resolve(statement, number, catalogue)
      const resolved = resolving instanceof Promise ? await resolving : resolving
      if (isRefusal(resolved)) return fail(resolved)
      statements.push(resolved)
      searched.push(...this.#context.standsFor(statement, number))
      actions.push(actionOf(resolved, 'execute', this.#context.transaction.state))
      const origin = { text, secrets, index, catalogue, segment: number }
      const effect = this.#context.expect(statement, resolved, origin)
      if (isRefusal(effect)) return fail(effect)
      effects.push(effect)
    }
    const copies = statements.filter(({ effect }) => effect.kind === 'copy_in').length
    const [first, ...rest] = statements
    const [firstAction, ...restActions] = actions
    if (copies > 1 || first === undefined || firstAction === undefined) return fail(oneCopy)
    return {
      judged: judged(
        [first, ...rest],
        [firstAction, ...restActions],
        analysed,
        this.#context.source(searched, number),
        analysed.values,
      ),
      effects,
      copy: copies === 1 ? new CopyBody() : undefined,
    }
  }
}

const oneCopy = refusal(
  'denied',
  'adapter/closed_world',
  'More than one COPY FROM STDIN in one message is not possible',
)
