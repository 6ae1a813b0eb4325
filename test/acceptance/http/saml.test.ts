import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sluice } from '@sluice/cli'
import {
  answerXml,
  goodAnswer,
  iso,
  posted,
  providerConfig,
  publicPem,
  requestIn,
  rsaKeys,
  signed,
  type Answer,
} from '../../../engine/identity/src/saml/scripted-provider.ts'
import { doorAt, startGateway } from '../../src/index.ts'
import { startIssuer } from '../issuer.ts'
import { startApi } from './api.ts'
import { policies, target } from './stage.ts'

/** A person logs in at a provider of SAML, as a browser and a program on its machine see it, and asks an API. */
const folder = await mkdtemp(join(tmpdir(), 'sluice-saml-'))
const keys = rsaKeys()
await writeFile(join(folder, 'idp.pem'), publicPem(keys))
const issuer = await startIssuer()
const api = await startApi()
const gateway = await startGateway({
  provider: issuer,
  policies,
  targets: [{ name: target, http: api }],
  apiUrl: 'https://gateway.example',
  issuers: [{ ...providerConfig(keys), certificates: [{ file: join(folder, 'idp.pem') }] }],
})
after(async () => {
  await gateway.close()
  await api.close()
  await issuer.close()
  await rm(folder, { recursive: true })
})

const url = `http://${gateway.api.host}:${gateway.api.port}/v1`
const redirect = 'http://127.0.0.1:5000/callback'
const state = randomBytes(16).toString('base64url')
const verifier = randomBytes(32).toString('base64url')

async function begun(): Promise<{ readonly id: string; readonly relayState: string }> {
  const response = await fetch(`${url}/saml/adfs/requests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      redirect_uri: redirect,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    }),
  })
  assert.equal(response.status, 200)
  const { login_url } = (await response.json()) as { readonly login_url: string }
  return requestIn(login_url)
}

function answerTo(id: string, changes: Partial<Answer> = {}): string {
  const soon = iso(Date.now() + 300_000)
  const times = { notBefore: iso(Date.now() - 5_000), notOnOrAfter: soon, confirmedNotOnOrAfter: soon }
  const assertionId = `_${randomBytes(8).toString('hex')}`
  return signed(answerXml({ ...goodAnswer(id), ...times, assertionId, ...changes }), keys)
}

function post(path: string, form: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(`${url}/${path}`, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
}

suite('a person who logs in by SAML', () => {
  test('gets a gateway token, asks with it, and is in the log under their persistent id', async () => {
    const { id, relayState } = await begun()
    const SAMLResponse = posted(answerTo(id))
    const sent = await post('saml/adfs/acs', { SAMLResponse, RelayState: relayState })
    const back = new URL(sent.headers.get('location') ?? '')
    assert.deepEqual(
      [sent.status, back.origin + back.pathname, back.searchParams.get('state')],
      [303, redirect, state],
    )

    const code = back.searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirect }
    const got = await post('token', form)
    const { access_token: token, expires_in: life } = (await got.json()) as {
      readonly access_token: string
      readonly expires_in: number
    }
    assert.match(token, /^slu_/)
    assert.ok(life > 0 && life <= 900)
    const again = await post('token', form)
    assert.deepEqual(
      [again.status, ((await again.json()) as { error: string }).error],
      [400, 'invalid_grant'],
    )

    const door = doorAt(gateway.http, `/${target}`, { 'x-sluice-authorization': `Bearer ${token}` })
    const answer = await fetch(`${door.url}/json`, { headers: door.headers })
    await answer.body?.cancel()
    assert.equal(answer.status, 200)
    const subjects = (await gateway.events()).flatMap((event) =>
      event.type === 'SessionOpened' ? [event.data.subject] : [],
    )
    assert.deepEqual(subjects.at(-1), {
      id: 'adfs#a1b2c3',
      type: 'human',
      issuer: 'adfs',
      groups: ['analysts'],
      on_behalf_of: null,
    })
  })

  test('signs in at the console, and the answer is good for that browser alone', async () => {
    const base = url.slice(0, -'/v1'.length)
    const get = (path: string, cookie = ''): Promise<Response> =>
      fetch(`${base}${path}`, { redirect: 'manual', headers: { cookie } })
    const begun = await get('/console/sign-in?issuer=adfs&return_to=%2Fsessions')
    const [cookie = ''] = begun.headers.getSetCookie().map((line) => line.split(';')[0] ?? '')
    assert.match(cookie, /^__Host-sluice-sign-in=/)
    const { id, relayState } = requestIn(begun.headers.get('location') ?? '')
    const answered = { SAMLResponse: posted(answerTo(id)), RelayState: relayState }
    const back = new URL((await post('saml/adfs/acs', answered)).headers.get('location') ?? '')
    assert.equal(back.origin + back.pathname, 'https://gateway.example/console/callback/adfs')
    const path = `${back.pathname}${back.search}`
    assert.equal((await get(path)).headers.get('location'), '/sign-in?problem=expired&issuer=adfs')
    const signedIn = await get(path, cookie)
    assert.equal(signedIn.headers.get('location'), '/sessions')
    const session = signedIn.headers.getSetCookie().map((line) => line.split(';')[0] ?? '')
    const shown = (await (await get('/console/session', session.at(-1))).json()) as {
      readonly subject: string
      readonly ends_at: string
      readonly expires_at: string
    }
    assert.deepEqual([shown.subject, shown.ends_at], ['adfs#a1b2c3', shown.expires_at])
    assert.equal((await get(path, cookie)).headers.get('location'), '/sign-in?problem=expired&issuer=adfs')
  })

  test('logs in with sluice login, which then acts as them at this gateway alone', async () => {
    const base = url.slice(0, -'/v1'.length)
    const env = { XDG_CONFIG_HOME: join(folder, 'config'), SLUICE_URL: base }
    const visited: Promise<unknown>[] = []
    const ran = async (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
      const written = { out: '', error: '' }
      const code = await sluice(args, {
        env: { ...env, ...more },
        signal: AbortSignal.timeout(30_000),
        out: (text) => (written.out += text),
        error: (text) => {
          written.error += text
          const [shown] = /https:\/\/\S+/.exec(text) ?? []
          if (shown !== undefined) visited.push(browse(shown))
        },
      })
      return { code, ...written }
    }
    /** What the person's browser does: the provider posts its answer, and the gateway sends it on to loopback. */
    async function browse(shown: string): Promise<string> {
      const { id, relayState } = requestIn(shown)
      const sent = await post('saml/adfs/acs', { SAMLResponse: posted(answerTo(id)), RelayState: relayState })
      const back = sent.headers.get('location') ?? ''
      const strange = await fetch(back.replace(/state=[^&]+/, 'state=of-another-login'))
      assert.equal(strange.status, 400, 'an answer that somebody else had made ends nowhere')
      return (await fetch(back)).text()
    }

    const made = await ran(['login', '--saml', 'adfs', '--no-browser'])
    assert.deepEqual([made.code, made.out], [0, 'logged in at adfs (adfs) as adfs#a1b2c3\n'], made.error)
    assert.match(String(await visited[0]), /You are logged in/)
    assert.match((await ran(['token'])).out, /^slu_/)
    assert.equal((await ran(['targets', 'ls'])).code, 0)
    const elsewhere = await ran(['token'], { SLUICE_URL: 'https://other.example' })
    assert.deepEqual([elsewhere.code, /is for the gateway at/.test(elsewhere.error)], [2, true])
    const again = await ran(['login', 'adfs', '--no-browser'])
    assert.equal(again.code, 0, again.error)
    const { out: token } = await ran(['token'])
    assert.equal((await ran(['logout'])).code, 0)
    assert.notEqual((await ran(['token'])).code, 0)
    assert.equal(
      (await fetch(`${url}/targets`, { headers: { authorization: `Bearer ${token.trim()}` } })).status,
      401,
    )
    const stranger = await ran(['login', '--saml', 'nobody', '--no-browser'])
    assert.deepEqual([stranger.code, /There is no SAML issuer of that name/.test(stranger.error)], [1, true])
  })

  const refused: readonly (readonly [string, (id: string) => string])[] = [
    ['that somebody changed', (id) => answerTo(id).replace('a1b2c3', 'mallory')],
    ['that is over', (id) => answerTo(id, { notOnOrAfter: iso(Date.now() - 1_000) })],
    ['to another login', () => answerTo('_another')],
  ]
  for (const [what, answer] of refused)
    test(`is not let in by an answer ${what}, and is told why`, async () => {
      const { id, relayState } = await begun()
      const SAMLResponse = posted(answer(id))
      const sent = await post('saml/adfs/acs', { SAMLResponse, RelayState: relayState })
      assert.deepEqual([sent.status, sent.headers.get('location')], [401, null])
      const { detail } = (await sent.json()) as { readonly detail: string }
      assert.ok(detail.length > 20 && !detail.includes('mallory'), detail)
    })

  test('finds this gateway described for the provider', async () => {
    const metadata = await (await fetch(`${url}/saml/adfs/metadata`)).text()
    assert.match(metadata, /Location="https:\/\/gateway\.example\/v1\/saml\/adfs\/acs"/)
  })
})
