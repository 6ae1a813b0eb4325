import type { Json } from '@sluice/core'
import { isObject, type JsonObject } from './strict-json.ts'

/** One rule: a token gets `group` when each claim of `when` is there, of that type, and has (one of) that value. */
export interface GroupMapping {
  readonly group: string
  /** By claim: its name, or a JSON Pointer (RFC 6901) to where it stands: `/kubernetes.io/namespace`. */
  readonly when: { readonly [claim: string]: ClaimValue | readonly ClaimValue[] }
}

export type ClaimValue = string | number | boolean

/**
 * Groups that the rules give to a token, each once. Pure. Nothing is converted and nothing is a pattern: a claim that
 * is missing, or is a list where a text is asked for, fits no rule.
 */
export function mappedGroups(claims: JsonObject, mappings: readonly GroupMapping[]): readonly string[] {
  const fitting = mappings.filter(({ when }) => {
    const conditions = Object.entries(when)
    return (
      conditions.length > 0 && conditions.every(([claim, wanted]) => fits(claimAt(claims, claim), wanted))
    )
  })
  return [...new Set(fitting.map(({ group }) => group))]
}

/** The claim of that name, or at that JSON Pointer. Only own properties: no token has `constructor` by nature. */
export function claimAt(claims: JsonObject, path: string): Json | undefined {
  if (!path.startsWith('/')) return own(claims, path)
  let value: Json | undefined = claims
  for (const step of path.slice(1).split('/')) {
    if (!isObject(value)) return undefined
    value = own(value, step.replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  return value
}

function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function fits(value: Json | undefined, wanted: ClaimValue | readonly ClaimValue[]): boolean {
  return typeof wanted === 'object' ? wanted.some((one) => one === value) : wanted === value
}
