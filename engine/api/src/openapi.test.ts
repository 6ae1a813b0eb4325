import { test } from 'node:test'
import assert from 'node:assert/strict'
import { scriptedApi } from './scripted.ts'

interface Operation {
  readonly summary?: string
  readonly requestBody?: object
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly responses?: Readonly<Record<string, { readonly content?: object }>>
}

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

async function document(): Promise<Document> {
  const answer = await scriptedApi().app.inject('/v1/openapi.json')
  assert.equal(answer.statusCode, 200)
  return answer.json<Document>()
}

test('the document is of this API', async () => {
  const { openapi, paths } = await document()
  assert.equal(openapi, '3.1.0')
  for (const path of [
    '/v1/approvals',
    '/v1/approvals/{id}',
    '/v1/approvals/{id}/votes',
    '/v1/sessions/{id}/exchanges',
    '/v1/sessions/{id}/kill',
    '/v1/stream',
    '/v1/token',
  ])
    assert.ok(paths[path] !== undefined, path)
  assert.deepEqual(Object.keys(paths['/v1/approvals/{id}/votes'] ?? {}), ['post'])
})

test('every operation says what it does, takes and answers', async () => {
  for (const [path, operations] of Object.entries((await document()).paths))
    for (const [method, { summary, requestBody, parameters = [], responses = {} }] of Object.entries(
      operations,
    )) {
      const name = `${method} ${path}`
      assert.ok(summary !== undefined, `${name} has a summary`)
      assert.ok(responses['200']?.content !== undefined, `${name} has a schema of its answer`)
      for (const [, placed] of path.matchAll(/\{(\w+)\}/g))
        assert.ok(
          parameters.some((parameter) => parameter.name === placed && parameter.in === 'path'),
          `${name} describes {${placed}}`,
        )
      // A token, or a cookie, is the whole body of the ones that are left out.
      if (method === 'post' && !['/v1/token', '/v1/sessions/{id}/token', '/console/logout'].includes(path))
        assert.ok(requestBody !== undefined, `${name} has a schema of its body`)
    }
})
