import type { Run } from '@sluice/core'
import type { Headers } from './replies.ts'
export interface RawHead {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}
export interface CanonicalHead {
  readonly method: string
  readonly target: string
  readonly prefix: string
  readonly path: string
  readonly query: string
  readonly headers: Headers
  readonly token: string | null
  readonly run: Run
  readonly preferAsync: boolean
  readonly application: string | null
}
export function canonicalHead(raw: RawHead, _o: { hosts: ReadonlyMap<string, string> }): CanonicalHead {
  const [path = '', query = ''] = (raw.url ?? '').split('?')
  const [, target = ''] = path.split('/')
  const headers: [string, string][] = []
  for (let i = 0; i < raw.rawHeaders.length; i += 2)
    headers.push([(raw.rawHeaders[i] ?? '').toLowerCase(), raw.rawHeaders[i + 1] ?? ''])
  const find = (n: string): string | undefined => headers.find(([name]) => name === n)?.[1]
  const token = (find('x-sluice-authorization') ?? find('authorization') ?? '').replace(/^Bearer /, '')
  const own = new Set([
    'host',
    'connection',
    'content-length',
    'transfer-encoding',
    'x-sluice-authorization',
    'authorization',
    'accept-encoding',
    'prefer',
    'expect',
    'keep-alive',
  ])
  return {
    method: raw.method ?? '',
    target,
    prefix: `/${target}`,
    path: path.slice(target.length + 1) || '/',
    query,
    headers: headers.filter(([n]) => !own.has(n)),
    token: token || null,
    run: { id: find('x-sluice-run-id') ?? null, trace_id: null },
    preferAsync: find('prefer') === 'respond-async',
    application: find('user-agent') ?? null,
  }
}
