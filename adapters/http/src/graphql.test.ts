import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Refused, type Json } from '@sluice/core'
import { operationsIn, type GraphqlOperation } from './graphql.ts'
import { httpLimits } from './limits.ts'

function posted(value: Json): readonly GraphqlOperation[] {
  return operationsIn({ method: 'POST', parameters: [] }, { kind: 'json', value })
}

function fetched(...parameters: readonly (readonly [string, string])[]): readonly GraphqlOperation[] {
  return operationsIn({ method: 'GET', parameters }, { kind: 'none', value: null })
}

test('the operation that is asked for, by the names that the server knows', () => {
  const query = `
    query Harmless { a: users { id } }
    mutation Real { nice: deleteUser(id: 1) { id } ...More ... on Mutation { dropAll } ... @include(if: false) { hidden } }
    fragment More on Mutation { x: banUser { id } ...More ...Again }
    fragment Again on Mutation { deleteUser(id: 2) { id } }`
  assert.deepEqual(posted({ query, operationName: 'Real' }), [
    { type: 'mutation', name: 'Real', fields: ['deleteUser', 'banUser', 'dropAll', 'hidden'] },
  ])
})

test('an operation without a name, introspection, and a batch', () => {
  assert.deepEqual(
    posted([{ query: '{ __schema { types { name } } }' }, { query: 'subscription S { s }' }]),
    [
      { type: 'query', name: null, fields: ['__schema'] },
      { type: 'subscription', name: 'S', fields: ['s'] },
    ],
  )
})

test('one that is fetched stands in the query; a page without one is only a page', () => {
  assert.deepEqual(
    fetched(['query', 'query A { a } query B { b }'], ['operationName', 'B'], ['variables', '{}']),
    [{ type: 'query', name: 'B', fields: ['b'] }],
  )
  assert.deepEqual(fetched(['page', '1']), [])
})

const nested = `${'{a'.repeat(httpLimits.graphqlTokensMax / 2 - 1)}${'}'.repeat(httpLimits.graphqlTokensMax / 2 - 1)}`

const refused: readonly (readonly [what: string, ask: () => unknown])[] = [
  ['no document', () => posted({})],
  ['no object', () => posted('{ a }')],
  ['no body', () => operationsIn({ method: 'POST', parameters: [] }, { kind: 'none', value: null })],
  [
    'a body of another kind',
    () => operationsIn({ method: 'POST', parameters: [] }, { kind: 'text', value: null }),
  ],
  [
    'a document in body and query',
    () =>
      operationsIn(
        { method: 'POST', parameters: [['query', '{ b }']] },
        { kind: 'json', value: { query: '{ a }' } },
      ),
  ],
  ['two documents in the query', () => fetched(['query', '{ a }'], ['query', 'mutation { b }'])],
  ['several operations and no choice', () => posted({ query: 'query A { a } mutation B { b }' })],
  ['a choice that is not there', () => posted({ query: 'query A { a }', operationName: 'B' })],
  [
    'two operations of one name',
    () => posted({ query: 'query A { a } mutation A { b }', operationName: 'A' }),
  ],
  ['a name that is no text', () => posted({ query: '{ a }', operationName: 1 })],
  ['a document that the server knows', () => posted({ extensions: { persistedQuery: { sha256Hash: 'x' } } })],
  [
    'one beside another document',
    () => posted({ query: '{ a }', extensions: { persistedQuery: { sha256Hash: 'x' } } }),
  ],
  [
    'one beside another document, by GET, in another spelling',
    () => fetched(['query', '{ a }'], ['extensions', String.raw`{"persisted\u0051uery":{"sha256Hash":"x"}}`]),
  ],
  ['extensions that are no document', () => fetched(['query', '{ a }'], ['extensions', '{"persisted'])],
  ['one by its id', () => posted({ query: '{ a }', documentId: 'x' })],
  ['a fragment that is not there', () => posted({ query: '{ ...F }' })],
  [
    'two fragments of one name',
    () => posted({ query: '{ ...F } fragment F on Q { a } fragment F on Q { b }' }),
  ],
  ['a definition of types', () => posted({ query: '{ a } type T { a: Int }' })],
  ['too many tokens', () => posted({ query: `{ ${'a '.repeat(httpLimits.graphqlTokensMax)} }` })],
  ['nesting without end', () => posted({ query: nested })],
  ['an empty batch', () => posted([])],
  ['a batch in a batch', () => posted([[{ query: '{ a }' }]])],
  [
    'too large a batch',
    () => posted(Array.from({ length: httpLimits.graphqlBatchMax + 1 }, () => ({ query: '{ a }' }))),
  ],
]

suite('H38: what cannot be judged by its text is refused', () => {
  for (const [what, ask] of refused) test(what, () => assert.throws(ask, Refused))
})
