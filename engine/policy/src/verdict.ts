import {
  approvalScopes,
  columnUses,
  denial,
  maskMethods,
  placeOf,
  stricterMask,
  type Approval,
  type ColumnUses,
  type MaskedPlace,
  type MaskRule,
  type Reason,
  type Verdict,
  type VerdictLimits,
} from '@sluice/core/verdict'

/**
 * What a policy answered, as a Verdict (`schemas/verdict.schema.json`). Everything in an answer obliges, so what is
 * not understood to the last key is a denial, never a verdict with a part missing. `undefined`: the policy gave none.
 */
export function verdictOf(value: unknown): Verdict {
  if (value === undefined) return denial('policy/undefined', 'The policy gave no answer.')
  try {
    return frozen(parse(value))
  } catch (error) {
    if (error instanceof Malformed)
      return denial(
        'policy/malformed',
        `The policy gave an answer that Sluice does not know: ${error.message}.`,
      )
    throw error
  }
}

class Malformed extends Error {}

function parse(value: unknown): Verdict {
  const answer = object('the answer', value, ['effect', 'reasons', 'mask', 'limits', 'approval', 'labels'])
  const effect = oneOf('effect', answer['effect'], ['allow', 'deny', 'hold'])
  const reasons = list('reasons', answer['reasons']).map(reasonOf).sort(byRule)
  if (reasons.length === 0) throw new Malformed('there is no reason')
  return {
    effect,
    reasons,
    mask: strictest(list('mask', answer['mask']).map(maskOf)),
    limits: limitsOf(answer['limits']),
    approval: approvalOf(effect, answer['approval']),
    labels: labelsOf(answer['labels']),
  }
}

function reasonOf(value: unknown): Reason {
  const { rule, message = '', remedy = '' } = object('a reason', value, ['rule'], ['message', 'remedy'])
  return {
    rule: name('rule', rule),
    message: text('message', message),
    remedy: text('remedy', remedy),
  }
}

function maskOf(value: unknown): MaskRule {
  const place = placeNames.find(([first]) => isObject(value) && Object.hasOwn(value, first)) ?? columnNames
  const optional = place === columnNames ? useNames : messageNames
  const mask = object('a mask', value, [...place, 'method', 'rule'], ['value', 'to', 'domain', ...optional])
  const method = oneOf('method', mask['method'], maskMethods)
  if (Object.hasOwn(mask, 'value') !== (method === 'constant'))
    throw new Malformed('a value belongs to a constant mask, and to no other')
  if (Object.hasOwn(mask, 'to') && method !== 'generalise')
    throw new Malformed('only a generalising mask has groups')
  if (Object.hasOwn(mask, 'domain') !== (method === 'tokenise'))
    throw new Malformed('a domain belongs to a tokenising mask, and to no other')
  if (method === 'none' && useNames.some((use) => Object.hasOwn(mask, use)))
    throw new Malformed('what is clear may be used in every way')
  return {
    ...maskedPlace(mask, place),
    method,
    rule: name('rule', mask['rule']),
    ...(Object.hasOwn(mask, 'value') ? { value: text('value', mask['value']) } : {}),
    ...(Object.hasOwn(mask, 'to') ? { to: name('to', mask['to']) } : {}),
    ...(Object.hasOwn(mask, 'domain') ? { domain: domainOf(mask['domain']) } : {}),
    ...usesOf(mask),
  }
}

function usesOf(mask: Fields): ColumnUses {
  const chosen = useNames.filter((use) => Object.hasOwn(mask, use))
  return Object.fromEntries(chosen.map((use) => [use, oneOf(use, mask[use], columnUses[use])]))
}

function domainOf(value: unknown): string {
  const domain = name('domain', value)
  if (!/^[\w.-]{1,64}$/.test(domain)) throw new Malformed('a domain is a word of up to 64 letters')
  return domain
}

const columnNames = ['relation', 'column'] as const
const placeNames = [columnNames, ['path'], ['detector']] as const
const messageNames: readonly string[] = ['of']
const useNames = ['derived', 'predicates', 'moves'] as const

function maskedPlace(mask: Fields, [first]: (typeof placeNames)[number]): MaskedPlace {
  const place = name(first, mask[first])
  const of = Object.hasOwn(mask, 'of') ? { of: oneOf('of', mask['of'], ['request']) } : {}
  if (first === 'path' && !place.startsWith('$')) throw new Malformed('a path begins with $')
  if (first === 'path') return { path: place, ...of }
  if (first === 'detector') return { detector: place, ...of }
  if (!/^[^.]+\../.test(place)) throw new Malformed('a relation is written schema.name')
  return { relation: place, column: name('column', mask['column']) }
}

function limitsOf(value: unknown): VerdictLimits {
  const { rows, bytes, timeout_ms } = object('limits', value, ['rows', 'bytes', 'timeout_ms'])
  return {
    rows: limit('rows', rows),
    bytes: limit('bytes', bytes),
    timeout_ms: limit('timeout_ms', timeout_ms),
  }
}

function limit(what: string, value: unknown): number | null {
  return value === null ? null : integer(what, value, 0)
}

function approvalOf(effect: Verdict['effect'], value: unknown): Approval | null {
  if (effect !== 'hold') {
    if (value !== null) throw new Malformed('only a hold asks for approval')
    return null
  }
  const approval = object('approval', value, ['approvers', 'quorum', 'expires_s', 'hold_s', 'scope'])
  const approvers = list('approvers', approval['approvers']).map((group) => name('an approver', group))
  if (approvers.length === 0) throw new Malformed('nobody may approve')
  return {
    approvers: approvers.sort(),
    quorum: integer('quorum', approval['quorum'], 1),
    expires_s: integer('expires_s', approval['expires_s'], 1),
    hold_s: integer('hold_s', approval['hold_s'], 0),
    scope: oneOf('scope', approval['scope'], approvalScopes),
  }
}

function labelsOf(value: unknown): Verdict['labels'] {
  if (!isObject(value)) throw new Malformed('labels is no object')
  return Object.fromEntries(Object.entries(value).map(([key, label]) => [key, text('a label', label)]))
}

/**
 * One mask for each place: of several the strictest, one for all columns (`*`) included, so that whoever looks for
 * a column first and for `*` second finds what is meant.
 */
function strictest(masks: readonly MaskRule[]): readonly MaskRule[] {
  const byPlace = new Map<string, MaskRule>()
  for (const mask of masks) {
    const at = keyOf(mask)
    const other = byPlace.get(at)
    byPlace.set(at, other === undefined ? mask : stricterMask(other, mask))
  }
  const found = [...byPlace].map(([at, mask]) => {
    if (!('relation' in mask)) return [at, mask] as const
    const all = byPlace.get(keyOf({ relation: mask.relation, column: '*' }))
    return [at, all === undefined ? mask : { ...stricterMask(all, mask), column: mask.column }] as const
  })
  return found.sort(([a], [b]) => order(a, b)).map(([, mask]) => mask)
}

/** Columns first, by relation. */
function keyOf(place: MaskedPlace): string {
  if ('relation' in place) return `0\0${place.relation}\0${place.column}`
  return `1\0${placeOf(place)}`
}

/** Rego's sets have no order that two engines agree on. */
function byRule(a: Reason, b: Reason): number {
  return order(a.rule, b.rule) || order(a.message, b.message) || order(a.remedy, b.remedy)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

type Fields = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function object(
  what: string,
  value: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
): Fields {
  if (!isObject(value)) throw new Malformed(`${what} is no object`)
  const missing = required.find((key) => !Object.hasOwn(value, key))
  if (missing !== undefined) throw new Malformed(`${what} has no ${missing}`)
  const unknown = Object.keys(value).find((key) => !required.includes(key) && !optional.includes(key))
  if (unknown !== undefined) throw new Malformed(`${what} has an unknown key`)
  return value
}

function list(what: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${what} is no list`)
  return value
}

function text(what: string, value: unknown): string {
  if (typeof value !== 'string') throw new Malformed(`${what} is no text`)
  return value
}

function name(what: string, value: unknown): string {
  if (text(what, value) === '') throw new Malformed(`${what} is empty`)
  return text(what, value)
}

function integer(what: string, value: unknown, least: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
    throw new Malformed(`${what} is no whole number from ${least}`)
  return value
}

function oneOf<T extends string>(what: string, value: unknown, choices: readonly T[]): T {
  const choice = choices.find((one) => one === value)
  if (choice === undefined) throw new Malformed(`${what} is none of ${choices.join(', ')}`)
  return choice
}

/** A cached verdict is handed to many requests. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) frozen(part)
    Object.freeze(value)
  }
  return value
}
