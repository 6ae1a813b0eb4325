import { test } from 'node:test'
import assert from 'node:assert/strict'
import { routeOf, type Profile } from './operation.ts'

function operation(profile: Profile, path: string, method = 'POST'): string | undefined {
  return routeOf(profile, method, path)?.operation
}

test('an operation is known by its path, whichever way leads there', () => {
  assert.equal(operation('openai', '/v1/chat/completions'), 'chat')
  assert.equal(operation('openai', '/chat/completions'), 'chat')
  assert.equal(operation('openai', '/api/v1/chat/completions'), 'chat')
  assert.equal(operation('openai', '/openai/v1/responses'), 'responses')
  assert.equal(operation('openai', '/v1/completions'), 'completions')
  assert.equal(operation('openai', '/v1/embeddings'), 'embeddings')
  assert.equal(operation('anthropic', '/v1/messages'), 'messages')
  assert.equal(operation('anthropic', '/v1/messages/count_tokens'), 'count_tokens')
})

test('a deployment in the path names the model', () => {
  assert.deepEqual(routeOf('openai', 'POST', '/openai/deployments/gpt-4o.eu/chat/completions'), {
    operation: 'chat',
    deployment: 'gpt-4o.eu',
  })
})

test('what looks like one is none', () => {
  for (const path of [
    '/v1/chat/completions/',
    '/v1/chat/completions/cmpl_1',
    '/v1/Chat/completions',
    '/v2/chat/completions',
    '/v1/v1/chat/completions',
    '/openai/deployments/a/b/chat/completions',
    '/openai/deployments/%2e/chat/completions',
    '/v1/images/generations',
    '/v1/messages',
    '/',
  ])
    assert.equal(operation('openai', path), undefined, path)
  assert.equal(operation('openai', '/v1/chat/completions', 'GET'), undefined)
  assert.equal(operation('anthropic', '/v1/chat/completions'), undefined)
})
