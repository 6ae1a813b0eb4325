import { test } from 'node:test'
import assert from 'node:assert/strict'
import { SchemaError } from '@sluice/core'
import { Operations, templatesOf } from './operations.ts'

function documentOf(...paths: readonly string[]): unknown {
  const items = paths.map((path) => [path, { get: { operationId: `get ${path}` }, put: {} }] as const)
  return { openapi: '3.0.3', paths: Object.fromEntries(items) }
}

function operations(paths: readonly string[], caseless = false): Operations {
  return new Operations(templatesOf(documentOf(...paths), ['openapi']), caseless)
}

test('the most concrete template is meant, whatever their order in the document', () => {
  const found = operations(['/{a}/{b}', '/users/{id}', '/users/{id}.json', '/users/me', '/{a}/me', '/'])
  for (const [path, template] of [
    ['users/me', '/users/me'],
    ['users/7', '/users/{id}'],
    ['users/7.json', '/users/{id}.json'],
    ['users/.json', '/users/{id}'],
    ['teams/me', '/{a}/me'],
    ['teams/7', '/{a}/{b}'],
  ] as const)
    assert.equal(found.at('GET', path.split('/'))?.path, template)
  assert.equal(found.at('GET', [])?.path, '/')
  assert.equal(found.at('GET', ['users', '7', 'x']), null)
})

test('an operation has its id; HEAD is that of GET, and a method that is not there has none', () => {
  const found = operations(['/a'])
  const ids = ['GET', 'HEAD', 'PUT', 'DELETE'].map((method) => found.at(method, ['a'])?.id)
  assert.deepEqual(ids, ['get /a', 'get /a', null, null])
})

test('literals are compared as the target reads them', () => {
  assert.notEqual(operations(['/a%20b']).at('GET', ['a b']), null)
  assert.equal(operations(['/Users']).at('GET', ['users']), null)
  assert.equal(operations(['/Users/{Id}'], true).at('GET', ['users', '7'])?.path, '/Users/{Id}')
})

test('a document that cannot be kept to is a mistake with a place', () => {
  for (const [document, at] of [
    ['x', []],
    [{ swagger: '2.0', paths: {} }, []],
    [{ openapi: '3.1.0' }, ['paths']],
    [documentOf('a'), ['paths', 'a']],
    [documentOf('/{a}-{b}'), ['paths', '/{a}-{b}']],
    [documentOf('/{a'), ['paths', '/{a']],
    [documentOf('/a?b=1'), ['paths', '/a?b=1']],
    [documentOf('/a//b'), ['paths', '/a//b']],
    [documentOf('/a b'), ['paths', '/a b']],
    [documentOf('/{a}', '/{b}'), ['paths', '/{b}']],
  ] as const)
    assert.throws(
      () => templatesOf(document, ['openapi']),
      (error) => {
        assert.ok(error instanceof SchemaError)
        assert.deepEqual(error.at, ['openapi', ...at])
        return true
      },
    )
})
