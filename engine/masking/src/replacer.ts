import type { MaskMethod, Pseudonyms } from '@sluice/core/verdict'
import { Undecodable, type DataType, type Format } from './data-type.ts'

/** How values are to be hidden: a method and what it needs to know. */
export interface MaskRequest {
  readonly method: Exclude<MaskMethod, 'none'>
  /** Of `constant`: the replacement, in the server's text format. */
  readonly value?: string | undefined
  /** Of `generalise`: how large the groups are. */
  readonly to?: string | undefined
  /** Of `tokenise`: within which equal values have equal tokens. */
  readonly domain?: string | undefined
}

/** What stands in the place of each value: always the same bytes, or bytes made of the value. */
export type Replacement =
  | {
      readonly kind: 'fixed'
      /** For the record: the method that is really applied, with the key of a pseudonym. */
      readonly method: string
      readonly bytes: Buffer
    }
  | {
      readonly kind: 'computed'
      readonly method: string
      /** Throws `Undecodable`. */
      readonly replace: (value: Buffer) => Buffer
    }
  /** The request cannot be kept; `why` is for the author of the policy. */
  | { readonly kind: 'invalid'; readonly why: string }

/** The masks of one type. */
export type Replacer = (
  request: MaskRequest,
  format: Format,
  pseudonyms: Pseudonyms | undefined,
) => Replacement

/** A method that means nothing for the type is `redact`. */
export function replacer<Value>(type: DataType<Value>): Replacer {
  return (request, format, pseudonyms) => {
    const computed = (method: string, change: (value: Value) => Value): Replacement => ({
      kind: 'computed',
      method,
      replace: (value) => type.encode(change(type.decode(value, format)), format),
    })
    const redacted: Replacement = isMade(type.redacted)
      ? computed('redact', type.redacted)
      : { kind: 'fixed', method: 'redact', bytes: type.encode(type.redacted, format) }
    const { method, value, to, domain } = request
    const pseudonymous = (made: string, purpose: string): Replacement => {
      const { pseudonym, canonical } = type
      if (pseudonym === undefined) return redacted
      if (pseudonyms === undefined) return noKey
      return computed(`${made}:${pseudonyms.key}`, (each) =>
        pseudonym(pseudonyms.digest(purpose, canonical(each)), each),
      )
    }
    switch (method) {
      case 'partial':
        return type.partial === undefined ? redacted : computed(method, type.partial)
      case 'generalise': {
        if (type.generalise === undefined) return to === undefined ? redacted : noGroups(type.name)
        const change = type.generalise(to)
        return change === undefined ? noGroups(type.name) : computed(method, change)
      }
      case 'hash':
        return pseudonymous(method, type.name)
      case 'tokenise':
        // No name of a type has this sign, so that no token is a pseudonym of `hash`.
        return domain === undefined
          ? noDomain
          : pseudonymous(`${method}:${domain}`, `${type.name}\n${domain}`)
      case 'constant':
        return constant(type, value, format)
      case 'redact':
      case 'last4':
      case 'email':
      case 'stars':
        return redacted
      case 'null':
        return { kind: 'invalid', why: 'null is no value of a type' }
    }
  }
}

/** No type's values are functions. */
function isMade<Value>(redacted: DataType<Value>['redacted']): redacted is (value: Value) => Value {
  return typeof redacted === 'function'
}

function constant<Value>(type: DataType<Value>, value: string | undefined, format: Format): Replacement {
  try {
    const decoded = type.decode(Buffer.from(value ?? ''), 'text')
    return { kind: 'fixed', method: 'constant', bytes: type.encode(decoded, format) }
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error
    return { kind: 'invalid', why: `its constant is no valid ${type.name}` }
  }
}

function noGroups(name: string): Replacement {
  return { kind: 'invalid', why: `values of type ${name} cannot be generalised to that` }
}

const noDomain: Replacement = { kind: 'invalid', why: 'tokens need a domain' }
const noKey: Replacement = { kind: 'invalid', why: 'there is no key for pseudonyms' }
