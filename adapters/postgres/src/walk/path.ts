import type { Installed } from '../catalogue.ts'
import { closed } from './objection.ts'
import type { Context } from './scope.ts'

/** Where a name leads under each search_path that may be in force; they agree, or nobody can vouch for the name. */
export function throughPaths<T>(cx: Context, find: (schema: string) => T | undefined): T | null {
  let found: T | null = null
  for (const path of cx.names.searchPaths) {
    const here = first(path, find)
    if (here === undefined || here === found) continue
    // A path that leads nowhere is no contradiction: under it the server itself refuses.
    if (found !== null) closed('A name that depends on a search_path in doubt')
    found = here
  }
  return found
}

/** PostgreSQL looks into pg_catalog first unless the path says where it comes. */
function first<T>(path: readonly string[], find: (schema: string) => T | undefined): T | undefined {
  if (!path.includes('pg_catalog')) {
    const found = find('pg_catalog')
    if (found !== undefined) return found
  }
  for (const schema of path) {
    const found = find(schema)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * What an unqualified function or operator may be besides the server's own: PostgreSQL picks among all schemas of
 * the path by the argument types, so each candidate counts, wherever it stands.
 */
export function candidates(installed: readonly Installed[] | undefined, cx: Context): readonly Installed[] {
  if (installed === undefined) return []
  return installed.filter(({ schema }) => cx.names.searchPaths.some((path) => path.includes(schema)))
}

/** The schema where an unqualified new object goes: the first of the path. */
export function creationSchema(cx: Context): string {
  const own = cx.names.searchPaths.map((path) => path.find((schema) => schema !== 'pg_catalog') ?? 'public')
  const [schema = 'public'] = own
  return own.every((other) => other === schema) ? schema : closed('A new name under a search_path in doubt')
}
