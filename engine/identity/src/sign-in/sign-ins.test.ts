import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { Refused } from '@sluice/core'
import { scriptedClock } from '../scripted-issuer.ts'
import { Sealed } from './sealed.ts'
import { SignInError, type SignInProvider } from './sign-in.ts'
import { signInLifeMs, SignIns } from './sign-ins.ts'

const redirect = 'https://sluice.example/console/callback/idp'

function signIns(failures: readonly SignInError['problem'][] = []) {
  const clock = scriptedClock()
  const asked: string[] = []
  const failing = [...failures]
  const answer = async (what: string) => {
    asked.push(what)
    const problem = failing.shift()
    if (problem !== undefined) throw new SignInError(problem, 'of the script')
    return {
      token: `token ${asked.length}`,
      token_ends_ms: clock.now() + 1,
      refresh: `refresh ${asked.length}`,
    }
  }
  const provider = (name: string): SignInProvider => ({
    name,
    kind: 'oidc',
    label: name,
    begin: async ({ state }) => `https://${name}.example/?state=${state}`,
    finish: () => answer(`finish ${name}`),
    renew: (refresh) => answer(`renew ${name} ${refresh}`),
    revoke: async () => {},
  })
  const all = [provider('idp'), provider('other')]
  return { asked, clock, all: new SignIns(all, new Sealed(createSecretKey(Buffer.alloc(32))), clock) }
}

function callback(state: string, more = ''): URL {
  return new URL(`${redirect}?code=c&state=${encodeURIComponent(state)}${more}`)
}

async function expired(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof SignInError && error.problem === 'expired')
}

test('each sign-in has secrets of its own', async () => {
  const { all } = signIns()
  const [one, other] = [await all.begin('idp', redirect, false), await all.begin('idp', redirect, false)]
  const secrets = [one, other].flatMap(({ begun: { state, nonce, verifier } }) => [state, nonce, verifier])
  assert.equal(new Set(secrets).size, 6)
  for (const secret of secrets) assert.match(secret, /^[\w-]{43}$/)
  assert.ok(one.url.includes(one.begun.state) && !one.url.includes(one.begun.verifier))
})

test('an answer counts for the sign-in that asked, once, at the issuer that was asked', async () => {
  const { all, asked, clock } = signIns()
  const { begun } = await all.begin('idp', redirect, false)
  await expired(all.finish(begun, 'idp', callback('guess')))
  await expired(all.finish(begun, 'idp', new URL(`${redirect}?code=c`)))
  await expired(all.finish(begun, 'idp', callback(begun.state, `&state=${begun.state}`)))
  await expired(all.finish(begun, 'other', callback(begun.state)))
  assert.deepEqual(asked, [])
  await all.finish(begun, 'idp', callback(begun.state))
  await expired(all.finish(begun, 'idp', callback(begun.state)))
  clock.advance(signInLifeMs - 1)
  await expired(all.finish(begun, 'idp', callback(begun.state)))
  assert.deepEqual(asked, ['finish idp'])
})

test('an answer that failed is not tried again', async () => {
  const { all } = signIns(['unreachable'])
  const { begun } = await all.begin('idp', redirect, false)
  await assert.rejects(all.finish(begun, 'idp', callback(begun.state)), SignInError)
  await expired(all.finish(begun, 'idp', callback(begun.state)))
})

test('tabs of one browser spend a refresh token once, and all get what came of it', async () => {
  const { all, asked, clock } = signIns()
  const [one, other] = await Promise.all([all.renew('idp', 'r'), all.renew('idp', 'r')])
  assert.equal(one, other)
  clock.advance(59_000)
  assert.equal(await all.renew('idp', 'r'), one, 'a tab that still has the old cookie')
  await all.renew('idp', one.refresh ?? '')
  assert.deepEqual(asked, ['renew idp r', 'renew idp refresh 1'])
})

test('a provider that was away is asked again, one that refused is not', async () => {
  const { all, asked } = signIns(['unreachable', 'refused'])
  for (const _ of [1, 2, 3]) await assert.rejects(all.renew('idp', 'r'), SignInError)
  assert.deepEqual(asked, ['renew idp r', 'renew idp r'])
})

test('nobody signs in at an issuer that does not say how', async () => {
  const { all } = signIns()
  await assert.rejects(all.begin('constructor', redirect, false), Refused)
})
