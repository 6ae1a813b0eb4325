import { redacted, withoutSecrets, type Action, type Refusal } from '@sluice/core'
import type { Judged } from './exchange.ts'
import { runOf, type CanonicalHead, type RawHead } from './head.ts'
import { headerOf, type Headers } from './replies.ts'
import { targetNamed } from './request-line.ts'
import { holdsToken, tokenOf } from './token.ts'

/** Who sent a request, and where to. */
export type Claim = Pick<
  CanonicalHead,
  'target' | 'prefix' | 'token' | 'run' | 'application' | 'preferAsync' | 'acceptEncoding'
>

/** As far as a head tells it that is refused. For the record alone: nothing that may be done depends on it. */
export function claimOf(raw: RawHead, { hosts }: { readonly hosts: ReadonlyMap<string, string> }): Claim {
  const fields = fieldsOf(raw)
  return {
    target: hosts.get(hostIn(fields)) ?? targetNamed(raw.url ?? '') ?? '',
    prefix: '',
    token: tokenOrNone(fields),
    run: runOf(fields),
    application: null,
    preferAsync: false,
    acceptEncoding: null,
  }
}

/** The only action whose request says what it is in its content alone. Policies never see it. */
export const unreadAction: Action = { name: 'http.unread', kind: 'unread', read_only: false }

/** A request whose head is refused, as it is recorded: what came, but no token, wherever that was. */
export function unread(raw: RawHead, { token }: Claim, objection: Refusal): Judged {
  const told = (text: string): string => (holdsToken(withoutSecrets(text), token) ? redacted : text)
  return {
    action: unreadAction,
    request: {
      method: raw.method ?? '',
      path: told(raw.url ?? ''),
      query: '',
      headers: fieldsOf(raw).map(([name, value]) => [told(withoutSecrets(name)), told(value)]),
      body: Buffer.alloc(0),
    },
    objection,
    llm: null,
  }
}

function fieldsOf({ rawHeaders: raw }: RawHead): Headers {
  return Array.from({ length: raw.length >> 1 }, (_, at) => [
    (raw[2 * at] ?? '').toLowerCase(),
    raw[2 * at + 1] ?? '',
  ])
}

function tokenOrNone(fields: Headers): string | null {
  try {
    return tokenOf(fields)
  } catch {
    return null
  }
}

function hostIn(fields: Headers): string {
  return (headerOf(fields, 'host') ?? '').toLowerCase().replace(/\.?(?::\d*)?$/, '')
}
