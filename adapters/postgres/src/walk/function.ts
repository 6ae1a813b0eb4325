import type { Installed } from '../catalogue.ts'
import { functions, informationFunctions, type FunctionClass } from '../functions.ts'
import type { OwnFunction } from '../own-functions.ts'
import { closed, unknown } from './objection.ts'
import { candidates } from './path.ts'
import type { Context } from './scope.ts'

/** A function that may be called, as `action.functions` names it. */
export interface Callable {
  /** Bare for pg_catalog, `schema.name` elsewhere. */
  readonly name: string
  readonly class: FunctionClass
  /** What the operator says of it, where it is of the database itself. */
  readonly own?: OwnFunction
}

/** Resolves the name of a call. Whatever is not listed, or could be something else under the path, is refused. */
export function callable(names: readonly string[], cx: Context): Callable {
  const [first = '', second = ''] = names
  if (names.length === 1) return unqualified(first, cx)
  return names.length === 2 ? qualified(first, second, cx) : closed('A function of more than two names')
}

function unqualified(name: string, cx: Context): Callable {
  const installed = candidates(cx.catalogue.functions.get(name), cx)
  if (!installed.every(isVouched)) return closed(`The function ${name}`)
  const own = functions.get(name)
  const [found, ...others] = installed
  // Which of several is meant depends on types, and what is said of one is not said of the others.
  if (installed.some((entry) => entry.own !== undefined) && (own !== undefined || others.length > 0))
    return closed(`The function ${name}, of which there are several, without its schema`)
  if (own !== undefined) return { name, class: own }
  return found === undefined ? unknown(`The function ${name}`) : installedFunction(found, name)
}

function qualified(schema: string, name: string, cx: Context): Callable {
  if (schema === 'pg_catalog') {
    const own = functions.get(name)
    return own === undefined ? closed(`The function ${name}`) : { name, class: own }
  }
  const full = `${schema}.${name}`
  if (schema === 'information_schema' && informationFunctions.has(name)) return { name: full, class: 'pure' }
  const installed = (cx.catalogue.functions.get(name) ?? []).filter((entry) => entry.schema === schema)
  const [found] = installed
  if (found === undefined) return unknown(`The function ${full}`)
  return installed.every(isVouched) ? installedFunction(found, name) : closed(`The function ${full}`)
}

/** By its extension, or by the operator. */
export function isVouched({ trusted, own }: Installed): boolean {
  return trusted || own !== undefined
}

function installedFunction({ schema, own }: Installed, name: string): Callable {
  const full = `${schema}.${name}`
  return own === undefined ? { name: full, class: 'pure' } : { name: full, class: 'pure', own }
}
