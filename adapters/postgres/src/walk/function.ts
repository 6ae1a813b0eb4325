import { functions, informationFunctions, type FunctionClass } from '../functions.ts'
import { closed, unknown } from './objection.ts'
import { candidates } from './path.ts'
import type { Context } from './scope.ts'

/** A function that may be called, as `action.functions` names it. */
export interface Callable {
  /** Bare for pg_catalog, `schema.name` elsewhere. */
  readonly name: string
  readonly class: FunctionClass
}

/** Resolves the name of a call. Whatever is not listed, or could be something else under the path, is refused. */
export function callable(names: readonly string[], cx: Context): Callable {
  const [first = '', second = ''] = names
  if (names.length === 1) return unqualified(first, cx)
  return names.length === 2 ? qualified(first, second, cx) : closed('A function of more than two names')
}

function unqualified(name: string, cx: Context): Callable {
  const installed = candidates(cx.catalogue.functions.get(name), cx)
  if (!installed.every(({ trusted }) => trusted)) return closed(`The function ${name}`)
  const own = functions.get(name)
  if (own !== undefined) return { name, class: own }
  const [found] = installed
  if (found !== undefined) return { name: `${found.schema}.${name}`, class: 'pure' }
  return unknown(`The function ${name}`)
}

function qualified(schema: string, name: string, cx: Context): Callable {
  if (schema === 'pg_catalog') {
    const own = functions.get(name)
    return own === undefined ? closed(`The function ${name}`) : { name, class: own }
  }
  const full = `${schema}.${name}`
  if (schema === 'information_schema' && informationFunctions.has(name)) return { name: full, class: 'pure' }
  const installed = (cx.catalogue.functions.get(name) ?? []).filter((entry) => entry.schema === schema)
  if (installed.length === 0) return unknown(`The function ${full}`)
  if (!installed.every(({ trusted }) => trusted)) return closed(`The function ${full}`)
  return { name: full, class: 'pure' }
}
