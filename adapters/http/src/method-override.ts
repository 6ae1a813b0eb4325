import { malformed } from './objection.ts'

/**
 * Names by which a request names another method than its own. Frameworks look for them in headers, queries, forms and
 * documents, and some make `_` of whatever cannot stand in the name of a variable.
 */
const overrides =
  /^(?:_method|x_(?:http_)?(?:method|verb)(?:_override)?|http_method_override|x_tunneled_method)$/

/** Stands in each of them, however it is written: nearly every name is none at a look. */
const hint = /method|verb/i

/** What is judged as a POST must not be done as a DELETE. `where`: e.g. `query`. Throws `Refused`. */
export function refuseOverride(names: Iterable<string>, where: string): void {
  for (const name of names)
    if (hint.test(name) && overrides.test(asVariable(name)))
      throw malformed('method_override', `The ${where} must not name another method than the request has.`)
}

function asVariable(name: string): string {
  return name.trim().toLowerCase().replace(/\[.*$/s, '').replace(/[ .-]/g, '_')
}
