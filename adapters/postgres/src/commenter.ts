import { isRunId, traceOf, type Run } from '@sluice/core'

/**
 * A trailing sqlcommenter comment. The grammar is strict on purpose: `'` occurs only in pairs, it is on one
 * line, and nothing in it can end a string, an identifier or a comment, so a text means the same to the server with and without it.
 */
const trailing = /^\/\*((?:[ \t]*[\w.%-]{1,64}='[\w.%~:+-]{0,512}'[ \t]*,?)+)\*\/[ \t\n\r\f\v;]*$/
const pair = /([\w.%-]+)='([^']*)'/g
/** How far from the end a comment is looked for. */
const commentCharsMax = 2_048

export interface Commented {
  /** The text without the comment: what is analysed and what the analysis is remembered by. */
  readonly text: string
  readonly claims: ReadonlyMap<string, string>
}

/** Takes what a client says of its run. */
export type Claim = (claims: ReadonlyMap<string, string>) => void

const noClaims: ReadonlyMap<string, string> = new Map()

/** Most texts have no comment: they cost one comparison. */
export function withoutComment(text: string): Commented {
  if (!/\*\/[ \t\n\r\f\v;]*$/.test(text.slice(-16))) return { text, claims: noClaims }
  const from = text.lastIndexOf('/*')
  if (from < 0 || text.length - from > commentCharsMax) return { text, claims: noClaims }
  const match = trailing.exec(text.slice(from))
  if (match === null) return { text, claims: noClaims }
  const claims = new Map(
    [...(match[1] ?? '').matchAll(pair)].map(([, key = '', value = '']) => [key, decoded(value)]),
  )
  return { text: text.slice(0, from), claims }
}

/**
 * Run and trace ids out of what a client says of itself: `sluice.run_id`, `sluice.traceparent`, `run_id`,
 * `traceparent`. Unverified; what does not have the form of an id is not one.
 */
export function runOf(claims: ReadonlyMap<string, string>, before: Run): Run {
  const id = claims.get('sluice.run_id') ?? claims.get('run_id')
  const trace = traceOf(claims.get('sluice.traceparent') ?? claims.get('traceparent') ?? '')
  if (id === undefined && trace === null) return before
  return {
    ...(trace ?? before),
    id: id !== undefined && isRunId(id) ? id : before.id,
  }
}

/** `agent run_id=…;traceparent=…`: an application name may carry them where a client has no other place. */
export function claimsOfApplication(name: string): ReadonlyMap<string, string> {
  return new Map(
    [...name.matchAll(/\b(run_id|traceparent)=([\w.:-]+)/g)].map(([, key = '', value = '']) => [key, value]),
  )
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
