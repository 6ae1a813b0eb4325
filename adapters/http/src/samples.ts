import type { Sample } from '@sluice/core'
import type { CanonicalHead } from './head.ts'
import { normalise, type Reading } from './normalise.ts'
import type { Method } from './request-line.ts'

/** Routes of the target that are tried one by one. */
const routesMax = 8
const tried: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
/** What a place of a route stands for is one value like another. */
const someValue = '1'

/** One request of each method, without a body, at routes of which the record knows. They are read like a caller’s, and never sent. */
export function samples(settings: Reading, known: readonly string[]): readonly Sample[] {
  const routes = [...new Set(['/', ...known])].slice(0, routesMax)
  return routes.flatMap((route) =>
    tried.map((method): Sample => {
      const path = route.replaceAll(/\{[^{}/]*\}/g, someValue)
      const { action } = normalise(headOf(method, path), Buffer.alloc(0), settings)
      return { what: `${method} ${route}`, actions: [action] }
    }),
  )
}

function headOf(method: Method, path: string): CanonicalHead {
  return {
    method,
    target: '',
    prefix: '',
    path,
    query: '',
    parameters: [],
    headers: [],
    token: null,
    run: { id: null, trace_id: null },
    application: null,
    preferAsync: false,
    acceptEncoding: null,
  }
}
