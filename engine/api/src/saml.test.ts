import { test } from 'node:test'
import assert from 'node:assert/strict'
import { refusal, Refused } from '@sluice/core'
import type { SamlLogins } from './saml.ts'
import { scriptedApi } from './scripted.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const back = 'http://127.0.0.1:5000/callback?code=c&state=s'

function api() {
  const asked: unknown[] = []
  const logins: SamlLogins = {
    metadata(issuer) {
      if (issuer === 'adfs') return '<EntityDescriptor/>'
      throw new Refused(
        refusal('target_unknown', 'identity/saml', 'There is no SAML issuer of that name here.'),
      )
    },
    async start(issuer, login) {
      asked.push([issuer, login])
      return { login_url: 'https://idp.example/sso?SAMLRequest=x', expires_in: 600 }
    },
    async finish(issuer, answer, relayState) {
      asked.push([issuer, answer.length, relayState])
      if (answer === 'bad') throw new Refused(refusal('token_refused', 'identity/signature', 'Not good.'))
      return back
    },
  }
  const { app } = scriptedApi({ logins })
  const post = (path: string, payload: string, headers: Readonly<Record<string, string>> = form) =>
    app.inject({ url: `/v1/saml/adfs/${path}`, method: 'POST', payload, headers })
  return { app, asked, post }
}

test('metadata is XML that no browser shows, of issuers that there are', async () => {
  const { app } = api()
  const answer = await app.inject('/v1/saml/adfs/metadata')
  assert.deepEqual(
    [answer.statusCode, answer.headers['content-type'], answer.body],
    [200, 'application/samlmetadata+xml', '<EntityDescriptor/>'],
  )
  assert.equal((await app.inject('/v1/saml/nobody/metadata')).statusCode, 404)
})

test('a login begins with JSON, and a form of another page begins none', async () => {
  const { asked, post } = api()
  const login = { redirect_uri: 'http://127.0.0.1:5000/', state: 's', code_challenge: 'c' }
  const answer = await post('requests', JSON.stringify(login), { 'content-type': 'application/json' })
  assert.deepEqual([answer.statusCode, answer.json().expires_in], [200, 600])
  assert.deepEqual(asked, [['adfs', login]])
  for (const [payload, type] of [
    [new URLSearchParams(login).toString(), form['content-type']],
    [JSON.stringify(login), 'text/plain'],
    [JSON.stringify({ ...login, issuer: 'x' }), 'application/json'],
  ] as const)
    assert.ok((await post('requests', payload, { 'content-type': type })).statusCode >= 400)
  assert.equal(asked.length, 1)
})

test('an answer of the provider sends the browser back, without a cookie', async () => {
  const { asked, post } = api()
  const answer = await post('acs', `SAMLResponse=${'A'.repeat(120_000)}&RelayState=r`)
  assert.deepEqual([answer.statusCode, answer.headers['location']], [303, back])
  assert.deepEqual([answer.headers['set-cookie'], answer.headers['cache-control']], [undefined, 'no-store'])
  assert.deepEqual(asked, [['adfs', 120_000, 'r']])
})

test('T20 an answer that is refused sends the browser nowhere, whatever its RelayState', async () => {
  const { post } = api()
  const answer = await post('acs', 'SAMLResponse=bad&RelayState=https%3A%2F%2Fevil.example')
  assert.deepEqual([answer.statusCode, answer.headers['location']], [401, undefined])
  assert.equal(answer.json().detail, 'Not good.')
})

const unusable = ['', 'SAMLResponse=a', 'RelayState=r', 'SAMLResponse=a&SAMLResponse=b&RelayState=r']
for (const payload of unusable)
  test(`the form "${payload}" reaches nobody`, async () => {
    const { asked, post } = api()
    assert.equal((await post('acs', payload)).statusCode, 400)
    assert.deepEqual(asked, [])
  })

test('an answer that is too large is not read', async () => {
  const { asked, post } = api()
  assert.equal((await post('acs', `SAMLResponse=${'A'.repeat(300_000)}&RelayState=r`)).statusCode, 413)
  assert.deepEqual(asked, [])
})
