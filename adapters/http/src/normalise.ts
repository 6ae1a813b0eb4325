import type { Json } from '@sluice/core'
import { spokenOf } from './llm/asked.ts'
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
export function normalise(head: CanonicalHead, body: Buffer, { profile, prices }: HttpSettings): Judged {
  const { method, path, query, headers } = head
  const { llm, objection } =
    profile === null ? { llm: null } : spokenOf(profile, prices, { method, path, body: jsonOf(body) })
  return {
    action: {
      name: `http.${method.toLowerCase()}`,
      kind: method.toLowerCase(),
      read_only: method === 'GET',
      path,
      profile,
      llm: llm === null ? null : { ...llm },
    },
    request: { method, path, query, headers: [...headers, ['accept-encoding', 'identity']], body },
    objection,
    llm,
  }
}

function jsonOf(body: Buffer): Json | undefined {
  try {
    return JSON.parse(body.toString()) as Json
  } catch {
    return undefined
  }
}
