import { test } from 'node:test'
import assert from 'node:assert/strict'
import { SchemaError } from '@sluice/core'
import { credentialNeed, httpTarget } from './target.ts'

function mistake(value: unknown): readonly [at: readonly string[], message: string] {
  try {
    httpTarget.parse(value)
  } catch (error) {
    assert.ok(error instanceof SchemaError)
    return [error.at, error.message]
  }
  return assert.fail('it was taken')
}

test('what is not said has a safe default', () => {
  const settings = httpTarget.parse({})
  assert.equal(settings.tls, 'verify-full')
  assert.deepEqual(settings.authentication, { kind: 'bearer' })
  assert.equal(settings.case, 'sensitive')
})

test('each way to authenticate needs its own parts, and its own credential', () => {
  for (const [written, kind, need] of [
    ['none', 'none', 'none'],
    ['bearer', 'bearer', 'secret'],
    ['basic', 'basic', 'login'],
    [{ kind: 'header', name: 'x-api-key' }, 'header', 'secret'],
    [{ kind: 'query', name: 'key' }, 'query', 'secret'],
    [{ kind: 'sigv4', region: 'eu-west-1', service: 'bedrock' }, 'sigv4', 'login'],
  ] as const) {
    const settings = httpTarget.parse({ authentication: written })
    assert.equal(settings.authentication.kind, kind)
    assert.equal(credentialNeed(settings), need)
  }
})

test('a mistake is named with its place', () => {
  for (const [value, at, message] of [
    [{ bse_path: '/v1' }, ['bse_path'], /unknown key "bse_path"; there are .*base_path/],
    [{ tls: 'prefer' }, ['tls'], /disable or verify-full/],
    [{ base_path: 'v1' }, ['base_path'], /a path such as \/v1/],
    [{ base_path: '/v1/' }, ['base_path'], /a path such as \/v1/],
    [{ base_path: '/a/../b%2f' }, ['base_path'], /a path such as/],
    [{ hosts: ['Shop.Example'] }, ['hosts'], /lower case/],
    [{ hosts: 'shop.example' }, ['hosts'], /a list of/],
    [{ headers: ['X-Tenant'] }, ['headers'], /lower case/],
    [{ authentication: 'digest' }, ['authentication'], /bearer, basic, none/],
    [{ authentication: { kind: 'header' } }, ['authentication', 'name'], /"authentication.name"/],
    [{ authentication: { kind: 'bearer', name: 'x' } }, ['authentication', 'name'], /"bearer" has no "name"/],
    [{ authentication: { kind: 'header', name: 'a\r\nb' } }, ['authentication', 'name'], /header name/],
    [{ body_bytes_max: 0 }, ['body_bytes_max'], /whole number/],
    [{ body_bytes_max: 1e9 }, ['body_bytes_max'], /whole number/],
    [{ path_parameters: 'yes' }, ['path_parameters'], /true or false/],
    [{ profile: 'gemini' }, ['profile'], /openai or anthropic/],
    [{ prices: { m: { input: 1, output: 1 } } }, ['prices'], /"prices" needs "profile"/],
    [{ profile: 'openai', prices: { m: { input: 1 } } }, ['prices', 'm', 'output'], /must be a number/],
    [[], [], /mapping/],
  ] as const) {
    const [where, said] = mistake(value)
    assert.deepEqual(where, at)
    assert.match(said, message)
  }
})
