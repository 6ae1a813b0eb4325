import type { CanonicalHead } from './head.ts'
import type { HttpSettings } from './target.ts'
import type { Judged } from './exchange.ts'
export const actions: readonly string[] = [
  'http.get',
  'http.head',
  'http.post',
  'http.put',
  'http.patch',
  'http.delete',
  'http.options',
]
export function normalise(head: CanonicalHead, body: Buffer, _s: HttpSettings): Judged {
  const { method, path, query, headers } = head
  return {
    action: {
      name: `http.${method.toLowerCase()}`,
      kind: method.toLowerCase(),
      read_only: method === 'GET',
      path,
    },
    request: { method, path, query, headers: [...headers, ['accept-encoding', 'identity']], body },
    objection: undefined,
  }
}
