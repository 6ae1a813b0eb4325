import { test } from 'node:test'
import assert from 'node:assert/strict'
import { StoreError } from '@sluice/core'
import { SignInError } from '@sluice/identity'
import { scriptedApi, ScriptedStore } from '../scripted.ts'
import { ScriptedBrowser, scriptedConsole, scriptedSignIns } from './scripted.ts'

function console(url = 'https://sluice.example') {
  const signIns = scriptedSignIns()
  const reported: string[] = []
  const { app } = scriptedApi({
    console: scriptedConsole({ signIns, publicUrl: () => new URL(url) }),
    report: (what, error) => reported.push(`${what}: ${String(error)}`),
  })
  return { app, signIns, reported, browser: new ScriptedBrowser(app, new URL(url).host) }
}

const session = '__Host-sluice-session'
const pending = '__Host-sluice-sign-in'

test('the ways to sign in are told to everybody', async () => {
  const { browser } = console()
  assert.deepEqual((await browser.get('/console/issuers')).json(), [
    { name: 'idp', kind: 'oidc', label: 'Our people' },
    { name: 'adfs', kind: 'saml', label: 'adfs' },
  ])
})

test('a person signs in and is where they wanted to be', async () => {
  const { browser, signIns } = console()
  assert.equal(
    await browser.signIn('alice', '/approvals/apr_1?from=slack#votes'),
    '/approvals/apr_1?from=slack#votes',
  )
  assert.deepEqual(signIns.asked, [
    'begin idp https://sluice.example/console/callback/idp false',
    'finish idp https://sluice.example/console/callback/idp',
  ])
  assert.deepEqual([...browser.cookies.keys()], [session], 'what proved the sign-in is gone')
  const { subject } = (await browser.get('/console/session')).json<{ readonly subject: string }>()
  assert.equal(subject, 'test#alice')
})

test('both cookies are out of reach of scripts, other hosts and plain HTTP', async () => {
  const { app } = console()
  const begun = await app.inject('/console/sign-in?issuer=idp')
  const [, ...attributes] = String(begun.headers['set-cookie']).split('; ')
  assert.deepEqual(attributes, ['Max-Age=600', 'Path=/', 'HttpOnly', 'SameSite=Lax', 'Secure'])
  const cookie = String(begun.headers['set-cookie']).split(';')[0] ?? ''
  const back = await app.inject({
    url: '/console/callback/idp?code=alice&state=state%20of%201',
    headers: { cookie },
  })
  const [cleared, kept] = [back.headers['set-cookie'] ?? []].flat()
  assert.match(cleared ?? '', /^__Host-sluice-sign-in=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
  assert.match(
    kept ?? '',
    /^__Host-sluice-session=[\w-]+; Max-Age=43\d{3}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  )
  assert.doesNotMatch(
    Buffer.from((kept ?? '').split(/[=;]/)[1] ?? '', 'base64url').toString('latin1'),
    /alice|refresh/,
  )
})

test('on loopback the port is in the name, since cookies do not tell ports apart', async () => {
  const { browser } = console('http://127.0.0.1:7400')
  await browser.signIn('alice')
  assert.deepEqual([...browser.cookies.keys()], ['sluice-session-7400'])
})

test('localhost begins where the provider comes back to', async () => {
  const { app } = console('http://127.0.0.1:7400')
  const url = '/console/sign-in?issuer=idp&return_to=%2Fsessions'
  const { headers } = await app.inject({ url, headers: { host: 'localhost:7400' } })
  assert.equal(headers['location'], `http://127.0.0.1:7400${url}`)
  assert.equal(headers['set-cookie'], undefined)
})

test('nobody signs in where others could read it', async () => {
  const { app } = console('http://sluice.example')
  const answer = await app.inject('/console/sign-in?issuer=idp')
  assert.deepEqual([answer.statusCode, answer.headers['set-cookie']], [403, undefined])
})

test('who signed in is in the log, and nobody is whom the log does not take', async () => {
  const store = new ScriptedStore()
  const { app } = scriptedApi({}, store)
  const browser = new ScriptedBrowser(app)
  await browser.signIn('alice')
  const { value: event } = await store.read().next()
  assert.ok(event?.type === 'AdminActed')
  assert.deepEqual([event.data.by.id, event.data.action], ['test#alice', 'console.sign_in'])
  store.failure = new StoreError('unavailable', 'of the script')
  const other = new ScriptedBrowser(app)
  await other.signIn('bob')
  assert.equal(other.cookies.has(session), false)
})

const elsewhere = [
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  '\\\\evil.example',
  'javascript:alert(1)',
  'approvals',
  '',
  '/%0d%0aset-cookie: a=b/\r\nx',
  '/@evil.example/\n',
  '/..//evil.example\\',
  '/.//evil.example',
  '/a/..//evil.example',
  '/%2e//evil.example',
  '/%2E%2e//evil.example',
  '/console/logout',
  '/console',
  '/v1/sessions',
  '/a/../v1/sessions',
  `/${'a'.repeat(2_000)}`,
]

for (const wanted of elsewhere)
  test(`T20 nobody is sent to ${JSON.stringify(wanted.slice(0, 40))}`, async () => {
    const { app, signIns } = console()
    const query = new URLSearchParams({ issuer: 'idp', return_to: wanted })
    const answer = await app.inject(`/console/sign-in?${query.toString()}`)
    assert.equal(answer.statusCode, 400)
    assert.deepEqual(
      [answer.headers['location'], answer.headers['set-cookie'], signIns.asked],
      [undefined, undefined, []],
    )
  })

test('an issuer that nobody signs in at is none', async () => {
  const { app, signIns } = console()
  signIns.begin = () => Promise.reject(new SignInError('refused', 'of the script'))
  const answer = await app.inject('/console/sign-in?issuer=%2F..%2Fevil')
  assert.equal(answer.headers['location'], '/sign-in?problem=refused&issuer=%2F..%2Fevil')
})

test('T20 login CSRF: an answer that this browser did not ask for signs in nobody', async () => {
  const { browser, reported } = console()
  const attacker = new ScriptedBrowser(console().app)
  await attacker.get('/console/sign-in?issuer=idp')
  // The victim's browser is sent to the callback of the attacker's sign-in.
  const none = await browser.get('/console/callback/idp?code=mallory&state=state%20of%201')
  assert.equal(none.headers['location'], '/sign-in?problem=expired&issuer=idp')
  await browser.get('/console/sign-in?issuer=idp')
  const other = await browser.get('/console/callback/idp?code=mallory&state=another')
  assert.equal(other.headers['location'], '/sign-in?problem=expired&issuer=idp')
  assert.equal(browser.cookies.has(session), false)
  assert.equal(reported.length, 2)
})

test('session fixation: what another put into the browser is no session and no sign-in', async () => {
  const { browser } = console()
  const other = console()
  await other.browser.signIn('alice')
  const sealed = other.browser.cookies.get(session) ?? ''
  // A session where a sign-in should be, and the other way round: each is sealed for its purpose.
  browser.cookies.set(pending, sealed)
  const back = await browser.get('/console/callback/idp?code=alice&state=state%20of%201')
  assert.match(String(back.headers['location']), /problem=expired/)
  for (const forged of ['', 'AAAA', `${sealed.slice(0, -2)}AA`, `${sealed}=`]) {
    browser.cookies.set(session, forged)
    assert.equal((await browser.get('/console/session')).statusCode, 401, forged.slice(0, 4))
  }
  // Two of one name: one of them is somebody else's.
  const twice = `${session}=${sealed}; ${session}=${sealed}`
  assert.equal((await browser.get('/console/session', { cookie: twice })).statusCode, 401)
})

test('signing in again makes another session', async () => {
  const { browser } = console()
  await browser.signIn('alice')
  const before = await browser.ours()
  await browser.signIn('alice')
  assert.notEqual((await browser.ours())['x-sluice-csrf'], before['x-sluice-csrf'])
})

test('no page signs anybody in behind their back', async () => {
  const { app } = console()
  for (const dest of ['iframe', 'image', 'empty', 'frame', 'script'])
    assert.equal(
      (await app.inject({ url: '/console/sign-in?issuer=idp', headers: { 'sec-fetch-dest': dest } }))
        .statusCode,
      403,
      dest,
    )
})

for (const problem of ['denied', 'expired', 'unreachable', 'refused'] as const)
  test(`a sign-in that is ${problem} says so on a page and repeats nothing`, async () => {
    const { browser, signIns, reported } = console()
    signIns.failure = new SignInError(problem, `the provider's own words`)
    const at = await browser.get('/console/sign-in?issuer=idp')
    assert.equal(at.headers['location'], `/sign-in?problem=${problem}&issuer=idp`)
    await browser.get('/console/sign-in?issuer=idp')
    signIns.failure = new SignInError(problem, `the provider's own words`)
    const back = await browser.get(
      '/console/callback/idp?code=alice&state=state%20of%202&error_description=%3Cb%3E',
    )
    assert.equal(back.headers['location'], `/sign-in?problem=${problem}&issuer=idp`)
    assert.equal(browser.cookies.has(session), false)
    assert.equal(reported.length, 2)
  })
