import { refusal, type Action, type Json, type Refusal } from '@sluice/core'
import type { Analysed } from './analyser.ts'
import type { Catalogue } from './catalogue.ts'
import type { Judged } from './exchange.ts'
import type { Source } from './source.ts'
import type { Statement } from './statement.ts'
import type { TransactionState } from './transaction.ts'

/** A text of blanks and comments: the server answers EmptyQueryResponse. */
export const emptyStatement: Statement = deepFrozen({
  action: described('sql.transaction', 'empty', true),
  uses: [],
  derived: [],
  namesakes: [],
  touched: [],
  computed: false,
  outputs: null,
  explains: false,
  effectFree: false,
  lingers: false,
  effect: { kind: 'none' },
})

const unparsed: Action = deepFrozen(described('sql.other', 'unparsed', false))
const functionCall: Action = deepFrozen(described('sql.call', 'function_call', false))

function described(name: string, kind: string, readOnly: boolean): Action {
  return {
    name,
    kind,
    read_only: readOnly,
    prepare: false,
    template_hash: '',
    relations: [],
    functions: [],
    objects: [],
    has_where: null,
    parameters: [],
  }
}

function deepFrozen<T extends object>(value: T): T {
  for (const part of Object.values(value))
    if (typeof part === 'object' && part !== null) deepFrozen(part as object)
  return Object.freeze(value)
}

const variants = new WeakMap<Statement, Map<string, Action>>()

/** The action of one use of a statement: the same object each time, which policies and the log recognise. */
export function actionOf(
  statement: Statement,
  use: 'execute' | 'prepare',
  transaction: TransactionState,
): Action {
  // SQL's PREPARE is what Parse is: it is judged by what it prepares.
  if (statement.effect.kind === 'prepare') return actionOf(statement.effect.body, 'prepare', transaction)
  let known = variants.get(statement)
  if (known === undefined) {
    known = new Map()
    variants.set(statement, known)
  }
  const key = `${use} ${transaction}`
  let action = known.get(key)
  if (action === undefined) {
    const { action: base } = statement
    action = Object.freeze(
      use === 'prepare'
        ? { ...base, name: 'sql.prepare', of: base.name, prepare: true, transaction }
        : { ...base, transaction },
    )
    known.set(key, action)
  }
  return action
}

export function judged(
  statements: readonly [Statement, ...Statement[]],
  actions: readonly [Action, ...Action[]],
  { analysis, catalogue }: Analysed,
  source: Source,
  values: readonly Json[] = [],
): Judged {
  return { statements, actions, values, catalogue, source, objection: analysis.objection ?? undefined }
}

/** Of what is refused whatever anybody approves. */
const noSource: Source = { texts: [], bound: null, searchPaths: [] }

/** What nobody can vouch for, described as well as its analysis could. */
export function objected(
  objection: Refusal,
  catalogue: Catalogue,
  statements: readonly Statement[],
  transaction: TransactionState,
): Judged {
  const actions = statements.map((statement) => actionOf(statement, 'execute', transaction))
  const [first = unparsed, ...rest] = actions
  return { actions: [first, ...rest], statements, values: [], catalogue, source: noSource, objection }
}

const noFunctionCalls = refusal(
  'denied',
  'adapter/function_call',
  'function calls outside of SQL are not possible here',
  '0A000',
)

export function functionCalled(catalogue: Catalogue): Judged {
  return {
    actions: [functionCall],
    statements: [],
    values: [],
    catalogue,
    source: noSource,
    objection: noFunctionCalls,
  }
}

/** The server's own words for a name that it does not know. */
export function unknownName(what: 'statement' | 'portal' | 'cursor', name: string): Refusal {
  if (what === 'statement')
    return refusal(
      'malformed',
      'adapter/name',
      name === ''
        ? 'unnamed prepared statement does not exist'
        : `prepared statement "${name}" does not exist`,
      '26000',
    )
  return refusal('malformed', 'adapter/name', `${what} "${name}" does not exist`, '34000')
}

export const severalCommands: Refusal = refusal(
  'malformed',
  'adapter/parse',
  'cannot insert multiple commands into a prepared statement',
  '42601',
)

export const tooManyNames: Refusal = refusal(
  'too_large',
  'adapter/limits',
  'This connection has as many prepared statements or portals as it may have.',
)

export const reservedName: Refusal = refusal(
  'denied',
  'adapter/name',
  'A prepared statement cannot have this name here: the gateway uses it.',
)
