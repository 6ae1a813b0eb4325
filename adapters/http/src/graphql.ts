import { Kind, parse, type DocumentNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql'
import { type Json } from '@sluice/core'
import type { BodyView } from './body.ts'
import type { CanonicalHead } from './head.ts'
import { parseJson } from './json.ts'
import { excessive, malformed } from './objection.ts'
import { httpLimits } from './limits.ts'

/** One operation that a GraphQL server is asked for. */
export interface GraphqlOperation {
  readonly type: 'query' | 'mutation' | 'subscription'
  readonly name: string | null
  /** Top-level fields by their own names, whatever the answer is to call them. */
  readonly fields: readonly string[]
}

/**
 * Every operation in a request, in order: by GET, or in a body of JSON, which may be a list of them. What is not there
 * as text cannot be judged, so a reference to a document that the server knows is refused.
 */
export function operationsIn(
  { method, parameters }: Pick<CanonicalHead, 'method' | 'parameters'>,
  { kind, value }: Pick<BodyView, 'kind' | 'value'>,
): readonly GraphqlOperation[] {
  const inQuery = parameters.filter(([name]) => asks.has(name))
  if (kind === 'none') {
    if (inQuery.length === 0 && method !== 'POST') return []
    if (new Set(inQuery.map(([name]) => name)).size !== inQuery.length) throw unreadable()
    return [operationIn(Object.fromEntries(inQuery))]
  }
  if (inQuery.length > 0 || (kind !== 'json' && kind !== 'graphql')) throw unreadable()
  if (!Array.isArray(value)) return [operationIn(value)]
  if (value.length === 0) throw unreadable()
  if (value.length > httpLimits.graphqlBatchMax)
    throw excessive('graphql', `A batch may have ${httpLimits.graphqlBatchMax} operations.`)
  return value.map(operationIn)
}

/** By which servers find a document that they know already; its text need not be the one beside it. */
const documents = ['id', 'documentId', 'doc_id', 'queryId', 'hash', 'key']
const asks = new Set(['query', 'operationName', 'variables', 'extensions', ...documents])

/** By GET they are the text of a document, whose names may be spelled with escapes. */
function refersElsewhere(extensions: Json | undefined): boolean {
  const read = typeof extensions === 'string' && extensions !== '' ? parseJson(extensions) : extensions
  return JSON.stringify(read)?.includes('persistedQuery') ?? false
}

function operationIn(request: Json): GraphqlOperation {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) throw unreadable()
  const { query, operationName = null, extensions, ...others } = request as { readonly [name: string]: Json }
  if (refersElsewhere(extensions) || documents.some((name) => Object.hasOwn(others, name))) throw unreadable()
  if (typeof query !== 'string' || (operationName !== null && typeof operationName !== 'string'))
    throw unreadable()
  const document = parsed(query)
  const operation = chosen(document, operationName === '' ? null : operationName)
  return {
    type: operation.operation,
    name: operation.name?.value ?? null,
    fields: [...new Set(new Fields(document).of(operation.selectionSet))],
  }
}

function parsed(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens: httpLimits.graphqlTokensMax, noLocation: true })
  } catch {
    // Also where it is nested so deeply that it cannot be parsed.
    throw unreadable()
  }
}

function chosen({ definitions }: DocumentNode, name: string | null): OperationDefinitionNode {
  const operations = definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION)
  const named = name === null ? operations : operations.filter((each) => each.name?.value === name)
  const [only, ...others] = named
  if (only === undefined || others.length > 0) throw unreadable()
  return only
}

/** Fields at the top, those of fragments included. */
class Fields {
  readonly #fragments = new Map<string, SelectionSetNode>()
  readonly #seen = new Set<string>()

  constructor({ definitions }: DocumentNode) {
    for (const each of definitions) {
      if (each.kind === Kind.OPERATION_DEFINITION) continue
      // Types have no place in a request, and one name stands for one fragment.
      if (each.kind !== Kind.FRAGMENT_DEFINITION || this.#fragments.has(each.name.value)) throw unreadable()
      this.#fragments.set(each.name.value, each.selectionSet)
    }
  }

  of({ selections }: SelectionSetNode): readonly string[] {
    return selections.flatMap((selection) => {
      switch (selection.kind) {
        case Kind.FIELD:
          return [selection.name.value]
        case Kind.INLINE_FRAGMENT:
          return this.of(selection.selectionSet)
        case Kind.FRAGMENT_SPREAD:
          return this.#spread(selection.name.value)
      }
    })
  }

  #spread(name: string): readonly string[] {
    const fragment = this.#fragments.get(name)
    if (fragment === undefined) throw unreadable()
    if (this.#seen.has(name)) return []
    this.#seen.add(name)
    return this.of(fragment)
  }
}

function unreadable(): Error {
  return malformed(
    'graphql',
    'This is no GraphQL request that can be judged: it must hold the whole document, and say which operation it asks for.',
  )
}
