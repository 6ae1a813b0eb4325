import { test } from 'node:test'
import assert from 'node:assert/strict'
import { refusal, Refused, systemClock, tokenFingerprint } from '@sluice/core'
import { SignInError } from '@sluice/identity'
import { identityOf, noRevocations, scriptedApi } from '../scripted.ts'
import { ScriptedBrowser, scriptedConsole, scriptedSignIns } from './scripted.ts'

const minute = 60_000

function console() {
  let ahead = 0
  const now = (): number => Date.now() + ahead
  const signIns = scriptedSignIns(now)
  const revoked = new Set<string>()
  const { app } = scriptedApi({
    console: scriptedConsole({ signIns }),
    revocations: {
      ...noRevocations,
      of: ({ subject: { id: subject }, tokenId, madeFrom = [] }) =>
        [subject, tokenId, ...madeFrom].some((name) => revoked.has(name))
          ? { kind: 'token', token: tokenId, fingerprint: '', at: 0, until: 0, by: '', reason: '' }
          : undefined,
      async revokeToken(token, because) {
        revoked.add(token).add(tokenFingerprint(token))
        return { kind: 'token', token, fingerprint: '', at: 0, until: 0, ...because }
      },
    },
    clock: { ...systemClock, now },
    authenticator: {
      async authenticate(proof) {
        const token = proof.kind === 'token' ? proof.token : ''
        const ends = signIns.tokenLifeMs + start
        if (!token.includes('/') && ends <= now())
          throw new Refused(refusal('token_expired', 'identity/expired', 'Over.'))
        return { ...identityOf(token), expiresAt: token.includes('/') ? now() + minute * 15 : ends }
      },
    },
  })
  const start = now()
  const advance = (ms: number): void => void (ahead += ms)
  const revoke = (id: string): void => void revoked.add(id)
  return { signIns, browser: new ScriptedBrowser(app), advance, revoke }
}

interface Shown {
  readonly subject: string
  readonly roles: readonly string[]
  readonly csrf: string
  readonly expires_at: string
  readonly ends_at: string
}

test('who is signed in is told, and nothing of a token', async () => {
  const { browser } = console()
  await browser.signIn('carol')
  const answer = await browser.get('/console/session')
  const { expires_at, ends_at, csrf, ...rest } = answer.json<Shown>()
  assert.deepEqual(rest, {
    subject: 'test#carol',
    issuer: 'idp',
    groups: ['dba', 'operators'],
    roles: ['user', 'admin', 'approver'],
  })
  assert.match(csrf, /^[\w-]{43}$/)
  assert.ok(Date.parse(ends_at) - Date.parse(expires_at) > 600 * minute)
  assert.equal(answer.headers['set-cookie'], undefined)
})

test('a token that is about to end is renewed, and the session stays the same', async () => {
  const { browser, signIns, advance } = console()
  await browser.signIn('alice')
  const before = (await browser.get('/console/session')).json<Shown>()
  advance(11 * minute)
  signIns.refresh = 'refresh/2'
  const after = (await browser.get('/console/session')).json<Shown>()
  assert.equal(signIns.asked.at(-1), 'renew idp refresh/1')
  assert.deepEqual([after.csrf, after.ends_at], [before.csrf, before.ends_at])
  assert.ok(after.expires_at > before.expires_at)
  assert.equal((await browser.get('/v1/targets')).statusCode, 200)
  advance(14 * minute)
  await browser.get('/console/session')
  assert.equal(signIns.asked.at(-1), 'renew idp refresh/2')
})

test('a token that ended a short time ago is renewed, one of long ago is not', async () => {
  const { browser, signIns, advance } = console()
  await browser.signIn('alice')
  advance(20 * minute)
  assert.equal((await browser.get('/v1/targets')).statusCode, 401, 'before it is renewed it is worth nothing')
  assert.equal((await browser.get('/console/session')).statusCode, 200)
  advance(61 * minute)
  assert.equal((await browser.get('/console/session')).statusCode, 401)
  assert.equal(browser.cookies.size, 0)
  assert.equal(signIns.asked.filter((line) => line.startsWith('renew')).length, 1)
})

test('a session ends at its time, however often it was renewed', async () => {
  const { browser, advance } = console()
  await browser.signIn('alice')
  for (let hours = 0; hours < 12; hours += 0.25) {
    assert.equal((await browser.get('/console/session')).statusCode, 200, `${hours}`)
    advance(15 * minute)
  }
  assert.equal((await browser.get('/console/session')).statusCode, 401)
  assert.equal((await browser.get('/v1/targets')).statusCode, 401)
})

test('what the provider took back ends the session; a provider that is down does not', async () => {
  const { browser, signIns, advance } = console()
  await browser.signIn('alice')
  advance(12 * minute)
  signIns.failure = new SignInError('unreachable', 'of the script')
  assert.equal((await browser.get('/console/session')).statusCode, 200, 'what is left of the token serves')
  signIns.failure = new SignInError('refused', 'of the script')
  assert.equal((await browser.get('/console/session')).statusCode, 401)
  assert.equal(browser.cookies.size, 0)
})

test('without a refresh token the session ends with its token', async () => {
  const { browser, signIns, advance } = console()
  signIns.refresh = null
  await browser.signIn('alice')
  const { expires_at, ends_at } = (await browser.get('/console/session')).json<Shown>()
  assert.equal(ends_at, expires_at)
  advance(15 * minute + 1)
  assert.equal((await browser.get('/console/session')).statusCode, 401)
  assert.equal(browser.cookies.size, 0)
})

test('a refresh token without room in a cookie is not kept', async () => {
  const { browser, signIns } = console()
  signIns.refresh = 'r'.repeat(5_000)
  await browser.signIn('alice')
  assert.ok((browser.cookies.get('__Host-sluice-session')?.length ?? 5_000) < 4_000)
  const { expires_at, ends_at } = (await browser.get('/console/session')).json<Shown>()
  assert.equal(ends_at, expires_at)
})

test('what is revoked of a subject ends its session, though the provider would renew it', async () => {
  const { browser, signIns, advance, revoke } = console()
  await browser.signIn('alice')
  advance(12 * minute)
  revoke('test#alice')
  assert.equal((await browser.get('/console/session')).statusCode, 401)
  assert.equal((await browser.get('/v1/targets')).statusCode, 401)
  assert.equal(
    signIns.asked.some((line) => line.startsWith('renew')),
    false,
  )
  await browser.signIn('bob')
  assert.equal((await browser.get('/console/session')).statusCode, 200)
})

test('signing out takes the cookie and the login at the provider', async () => {
  const { browser, signIns } = console()
  await browser.signIn('alice')
  const copied = new Map(browser.cookies)
  const ours = await browser.ours()
  assert.equal((await browser.post('/console/logout', {})).statusCode, 403, 'not for a page of somebody else')
  assert.equal((await browser.post('/console/logout', {}, ours)).statusCode, 200)
  assert.equal(browser.cookies.size, 0)
  assert.equal(signIns.asked.at(-1), 'revoke idp refresh/1')
  assert.equal((await browser.post('/console/logout', {}, ours)).statusCode, 401)
  for (const [name, value] of copied) browser.cookies.set(name, value)
  assert.equal((await browser.get('/v1/targets')).statusCode, 401, 'a copy is worth nothing')
})

test('signing out ends copies of the cookie from before a renewal, and what a copy was renewed to', async () => {
  const { browser, advance } = console()
  await browser.signIn('alice')
  const stolen = new Map(browser.cookies)
  const put = (cookies: ReadonlyMap<string, string>): void => {
    browser.cookies.clear()
    for (const [name, value] of cookies) browser.cookies.set(name, value)
  }
  advance(11 * minute)
  await browser.get('/console/session')
  const own = new Map(browser.cookies)
  assert.notDeepEqual(own, stolen)
  put(stolen)
  await browser.get('/console/session')
  const renewed = new Map(browser.cookies)
  put(own)
  assert.equal((await browser.post('/console/logout', {}, await browser.ours())).statusCode, 200)
  for (const copy of [stolen, renewed]) {
    put(copy)
    assert.equal((await browser.get('/v1/targets')).statusCode, 401)
    assert.equal((await browser.get('/console/session')).statusCode, 401)
  }
})

test('a renewal that gives somebody else’s token ends the session', async () => {
  const { browser, advance } = console()
  await browser.signIn('bob')
  advance(12 * minute)
  assert.equal((await browser.get('/console/session')).statusCode, 401, 'the script renews to alice')
  assert.equal(browser.cookies.size, 0)
})
