import { test } from 'node:test'
import assert from 'node:assert/strict'
import { bearer, scriptedApi } from '../scripted.ts'
import { ScriptedBrowser } from './scripted.ts'

async function signedIn(name: string) {
  const scripted = scriptedApi()
  const browser = new ScriptedBrowser(scripted.app)
  await browser.signIn(name)
  const open = (token: string): Promise<string> => scripted.open(token)
  return { app: scripted.app, open, browser, ours: await browser.ours() }
}

test('every resource knows who is signed in', async () => {
  const { browser, ours, open } = await signedIn('alice')
  const id = await open('alice')
  const list = (await browser.get('/v1/sessions')).json<readonly { readonly id: string }[]>()
  assert.deepEqual(
    list.map((session) => session.id),
    [id],
  )
  assert.equal((await browser.post(`/v1/sessions/${id}/kill`, {}, ours)).statusCode, 200)
})

test('who is signed in is no more than their groups say', async () => {
  const { browser } = await signedIn('alice')
  assert.equal((await browser.get('/v1/policies')).statusCode, 403)
})

const foreign: readonly (readonly [string, Readonly<Record<string, string | undefined>>])[] = [
  ['a form of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['an old browser at another site', { origin: 'https://evil.example', 'sec-fetch-site': undefined }],
  ['another host of the same site', { origin: 'https://wiki.example', 'sec-fetch-site': 'same-site' }],
  ['another port', { origin: 'https://sluice.example:8443' }],
  ['the same host without TLS', { origin: 'http://sluice.example' }],
  ['a sandboxed frame', { origin: 'null' }],
  ['who does not say where from', { origin: undefined }],
  ['who lies of the origin and not of the site', { 'sec-fetch-site': 'cross-site' }],
  ['a person who types an address', { 'sec-fetch-site': 'none' }],
  ['who does not know the secret', { 'x-sluice-csrf': undefined }],
  ['who has an empty one', { 'x-sluice-csrf': '' }],
  ['who guesses it', { 'x-sluice-csrf': 'A'.repeat(43) }],
]

for (const [name, change] of foreign)
  test(`A11 ${name} changes nothing`, async () => {
    const { browser, ours, open } = await signedIn('alice')
    const id = await open('alice')
    const sent = Object.entries({ ...ours, ...change }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    )
    const answer = await browser.post(`/v1/sessions/${id}/kill`, {}, Object.fromEntries(sent))
    assert.equal(answer.statusCode, 403)
    assert.match(answer.json<{ detail: string }>().detail, /x-sluice-csrf|pages of this console/)
  })

test('A11 the secret of another session is none', async () => {
  const { browser, open } = await signedIn('alice')
  const id = await open('alice')
  const other = await signedIn('alice')
  assert.equal((await browser.post(`/v1/sessions/${id}/kill`, {}, other.ours)).statusCode, 403)
})

test('other sites read nothing either, and scripts of them less', async () => {
  const { browser } = await signedIn('alice')
  for (const site of ['cross-site', 'same-site'])
    assert.equal((await browser.get('/v1/sessions', { 'sec-fetch-site': site })).statusCode, 403)
  assert.equal((await browser.get('/v1/sessions', { 'sec-fetch-site': 'none' })).statusCode, 200)
  const { headers } = await browser.get('/v1/sessions', { origin: 'https://evil.example' })
  assert.equal(headers['access-control-allow-origin'], undefined)
})

test('a cookie and a bearer token never mix: with a header the cookie is nothing', async () => {
  const { app, browser, ours, open } = await signedIn('alice')
  const cookie = Array.from(browser.cookies, ([name, value]) => `${name}=${value}`).join('; ')
  const bad = await app.inject({ url: '/v1/targets', headers: { ...bearer('mallory'), cookie } })
  assert.equal(bad.statusCode, 401)
  const basic = await app.inject({ url: '/v1/targets', headers: { authorization: 'Basic YWxpY2U6', cookie } })
  assert.equal(basic.statusCode, 401)
  const id = await open('alice')
  const other = await app.inject({ url: '/v1/sessions', headers: { ...bearer('bob'), cookie, ...ours } })
  assert.deepEqual(other.json(), [])
  // A program needs no secret of a page, whatever cookies its library keeps.
  const kill = { url: `/v1/sessions/${id}/kill`, method: 'POST', payload: {} } as const
  assert.equal((await app.inject({ ...kill, headers: { ...bearer('alice'), cookie } })).statusCode, 200)
})

test('a gateway token is no cookie', async () => {
  const { app } = scriptedApi()
  const cookie = '__Host-sluice-session=alice'
  assert.equal((await app.inject({ url: '/v1/targets', headers: { cookie } })).statusCode, 401)
})

test('a cookie does not replace a token that carries on sessions', async () => {
  const { browser, ours } = await signedIn('alice')
  assert.equal((await browser.post('/v1/sessions/token', { replaces: 'alice/2' }, ours)).statusCode, 401)
})
