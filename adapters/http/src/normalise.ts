import { hash } from 'node:crypto'
import { refusalOf, type Action, type Refusal } from '@sluice/core'
import { parameterName } from './authenticate.ts'
import { viewOf, type BodyView } from './body.ts'
import type { Judged } from './exchange.ts'
import { operationsIn, type GraphqlOperation } from './graphql.ts'
import type { CanonicalHead } from './head.ts'
import { spokenOf } from './llm/asked.ts'
import type { Llm } from './llm/llm.ts'
import type { Part } from './multipart.ts'
import { malformed } from './objection.ts'
import { Operations, type Match, type Template } from './operations.ts'
import { valuesByName } from './pairs.ts'
import { pathFor, segmentsOf } from './path.ts'
import { headerOf, type Headers } from './replies.ts'
import { methods } from './request-line.ts'
import { routeOf } from './route.ts'
import { shortened } from './shortened.ts'
import type { HttpSettings } from './target.ts'
import { unreadAction } from './unread.ts'

/** The closed list of what a request can be; `schemas/actions/http.json` says what each means. */
export const actions: readonly string[] = [
  ...methods.map((method) => `http.${method.toLowerCase()}`),
  unreadAction.name,
]

export type Reading = Pick<
  HttpSettings,
  'authentication' | 'case' | 'path_parameters' | 'graphql' | 'openapi' | 'headers' | 'profile' | 'prices'
>

const unread: BodyView = { kind: 'other', type: null, value: null, parts: [] }

/**
 * Says of one request what it does, and what is to be sent if it may be done. Pure. What cannot be read in one way only
 * comes back with an objection, described as far as it can be.
 */
export function normalise(head: CanonicalHead, body: Buffer, settings: Reading): Judged {
  const { method, query } = head
  const request = {
    method,
    path: head.path,
    query,
    headers: [...head.headers, ['accept-encoding', 'identity'] as const],
    body,
  }
  try {
    const path = pathFor(head.path, settings)
    requireOneSeparator(query, settings)
    requireOwnParameter(query, settings)
    requirePlain(head.headers)
    const view = viewOf(headerOf(head.headers, 'content-type'), body)
    const graphql = speaksGraphql(path, settings) ? operationsIn(head, view) : []
    const { llm, objection } = askedOf(method, path, view, settings)
    return {
      action: actionOf({ ...head, path }, { view, bytes: body.length, graphql, llm }, settings),
      request: { ...request, path },
      objection,
      llm,
    }
  } catch (error) {
    const action = actionOf(head, { view: unread, bytes: body.length, graphql: [], llm: null }, settings)
    return { action, request, objection: refusalOf(error), llm: null }
  }
}

/** What it asks of a language model, where the target is one. */
function askedOf(
  method: string,
  path: string,
  { kind, value }: BodyView,
  { profile, prices }: Reading,
): { readonly llm: Llm | null; readonly objection: Refusal | undefined } {
  if (profile === null) return { llm: null, objection: undefined }
  const { llm, objection } = spokenOf(profile, prices, {
    method,
    path,
    body: kind === 'json' ? value : undefined,
  })
  return { llm, objection }
}

interface Content {
  readonly llm: Llm | null
  readonly view: BodyView
  readonly bytes: number
  readonly graphql: readonly GraphqlOperation[]
}

/** Where the values of a request are: the log keeps them sealed. */
export const valueFields: readonly string[] = ['path', 'segments', 'query', 'headers', 'body', 'parts']

function actionOf(head: CanonicalHead, { view, bytes, graphql, llm }: Content, settings: Reading): Action {
  const { method, path } = head
  const segments = segmentsOf(path)
  const match = operationsOf(settings).at(method, segments)
  const route = match === null ? routeOf(path) : templateOf(match, path)
  const kind = method.toLowerCase()
  return {
    name: `http.${kind}`,
    kind,
    read_only: readOnly.has(method) && graphql.every(({ type }) => type === 'query'),
    method,
    route,
    operation_id: match?.id ?? null,
    template_hash: hash('sha256', JSON.stringify([method, route, graphql])),
    path,
    segments,
    query: shortened(valuesByName(head.parameters)),
    headers: shortened(shownHeaders(head.headers, settings.headers)),
    body: shortened(view.value),
    body_kind: view.kind,
    body_type: view.type,
    body_bytes: bytes,
    graphql: graphql.map((operation) => ({ ...operation })),
    parts: view.parts.map(shownPart),
    profile: settings.profile,
    llm: llm === null ? null : { ...llm },
  }
}

/** RFC 9110 §9.2.1, as far as the method alone says it. */
const readOnly = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Some servers part parameters by `;` too, and then see others than policies do. */
function requireOneSeparator(query: string, { path_parameters: meant }: Reading): void {
  if (!meant && query.includes(';'))
    throw malformed('query', 'A query must not have ";" at this target: escape it.')
}

/** The caller's own in the place of the gateway's credential is left out; in another spelling it would stand beside it. */
function requireOwnParameter(query: string, { authentication }: Reading): void {
  if (authentication.kind !== 'query') return
  const own = authentication.name.toLowerCase()
  const isOther = (piece: string, at: number): boolean => {
    const name = parameterName(piece)
    return name.replace(/\[.*$/s, '').toLowerCase() === own && (at > 0 || name !== authentication.name)
  }
  if (query.split('&').some((each) => each.split(';').some(isOther)))
    throw malformed('query', `At this target the parameter "${authentication.name}" is the gateway's own.`)
}

/** What is encoded would be read by the target and not by the policies. */
function requirePlain(headers: Headers): void {
  const coding = headerOf(headers, 'content-encoding')
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    throw malformed('content_coding', 'The body of a request must not have a Content-Encoding here.', '415')
}

function speaksGraphql(path: string, { graphql }: Reading): boolean {
  const place = path.replace(/(?<=.)\/$/, '')
  return graphql === null ? /\/graphql$/i.test(place) : graphql.includes(place)
}

const compiled = new WeakMap<readonly Template[], Operations>()

function operationsOf({ openapi, case: letters }: Reading): Operations {
  const known = compiled.get(openapi)
  if (known !== undefined) return known
  const operations = new Operations(openapi, letters === 'insensitive')
  compiled.set(openapi, operations)
  return operations
}

/** With the slash at its end that the path has. */
function templateOf({ path: template }: Match, path: string): string {
  const bare = template.replace(/(?<=.)\/$/, '')
  return path.length > 1 && path.endsWith('/') ? `${bare}/` : bare
}

const alwaysShown = ['content-type', 'accept']

function shownHeaders(headers: Headers, more: readonly string[]): { readonly [name: string]: string } {
  const shown = new Set([...alwaysShown, ...more])
  const groups = Map.groupBy(
    headers.filter(([name]) => shown.has(name)),
    ([name]) => name,
  )
  return Object.fromEntries(
    [...groups].map(([name, group]) => [name, group.map(([, value]) => value).join(', ')]),
  )
}

function shownPart({ name, filename, type, content }: Part): {
  readonly [key: string]: string | number | null
} {
  return { name, filename, type, bytes: content.length, sha256: hash('sha256', content) }
}
