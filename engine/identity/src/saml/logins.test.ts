import { beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Refused } from '@sluice/core'
import { noon, scriptedClock, type ScriptedClock } from '../scripted-issuer.ts'
import { secretSource } from '../secrets/source.ts'
import { bounds } from './bounds.ts'
import { SamlLogins, type LoginStart } from './logins.ts'
import type { SamlResponse } from './response.ts'
import { openSamlProvider, type SamlIssuerConfig } from './provider.ts'
import {
  acs,
  answerXml,
  base,
  entityId,
  goodAnswer,
  iso,
  posted,
  providerConfig,
  requestIn,
  rsaKeys,
  signed,
  type Answer,
} from './scripted-provider.ts'

const keys = rsaKeys()
const verifier = 'a-verifier-that-only-the-program-knows-00000'
const redirect = 'http://127.0.0.1:5000/callback'
const login: LoginStart = {
  redirect_uri: redirect,
  state: 'state-of-this-login',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
}

suite('a SAML login', () => {
  let clock: ScriptedClock
  let logins: SamlLogins
  let count = 0

  beforeEach(async () => {
    clock = scriptedClock()
    logins = await opened()
  })

  async function opened(changes: Partial<SamlIssuerConfig> = {}): Promise<SamlLogins> {
    const config = { ...providerConfig(keys), ...changes }
    const source = secretSource({ base: '.', env: {}, clock })
    const providers = [config, { ...config, name: 'other' }].map((one) =>
      openSamlProvider(one, base, source, clock),
    )
    return new SamlLogins(await Promise.all(providers), clock)
  }

  async function begun(): Promise<{ readonly id: string; readonly relayState: string }> {
    return requestIn((await logins.start('adfs', login)).login_url)
  }

  /** The answer to a request, each assertion with an id of its own. */
  const answerTo = (id: string, changes: Partial<Answer> = {}): string =>
    posted(signed(answerXml({ ...goodAnswer(id), assertionId: `_a${++count}`, ...changes }), keys))

  async function finished(changes: Partial<Answer> = {}): Promise<URL> {
    const { id, relayState } = await begun()
    return new URL(await logins.finish('adfs', answerTo(id, changes), relayState))
  }

  async function outcome(work: () => Promise<unknown>): Promise<string> {
    try {
      await work()
      return 'ok'
    } catch (error) {
      assert.ok(error instanceof Refused, String(error))
      return error.refusal.rule.replace('identity/', '')
    }
  }

  test('gives the program of the person a code, and the code its subject, once', async () => {
    const back = await finished()
    assert.equal(`${back.origin}${back.pathname}`, redirect)
    assert.equal(back.searchParams.get('state'), login.state)
    const code = back.searchParams.get('code') ?? ''
    const found = logins.redeem(code, verifier, redirect)
    assert.deepEqual(found?.subject, {
      id: 'adfs#a1b2c3',
      type: 'human',
      issuer: 'adfs',
      groups: ['analysts'],
      claims: {},
      on_behalf_of: null,
    })
    assert.equal(logins.redeem(code, verifier, redirect), undefined)
  })

  test('asks the provider for a persistent id, with a request of its own each time', async () => {
    const first = requestIn((await logins.start('adfs', login)).login_url)
    const second = requestIn((await logins.start('adfs', login)).login_url)
    assert.notEqual(first.id, second.id)
    assert.notEqual(first.relayState, second.relayState)
    assert.ok(first.relayState.length <= 80, 'Bindings 2.0 §3.4.3')
    assert.match(first.xml, /nameid-format:persistent/)
    assert.ok(first.xml.includes(`AssertionConsumerServiceURL="${acs}"`))
    assert.ok((await logins.start('adfs', login)).login_url.startsWith('https://idp.example/sso?customer=1&'))
  })

  test('is described for the provider', () => {
    const metadata = logins.metadata('adfs')
    for (const part of ['https://gateway.example/saml', acs, 'WantAssertionsSigned="true"', 'HTTP-POST'])
      assert.ok(metadata.includes(part), part)
    assert.throws(() => logins.metadata('nobody'), Refused)
  })

  test('T20 is of the program that began it: another verifier or address gets nothing, and uses the code up', async () => {
    for (const [theirs, uri] of [
      ['another-verifier-that-was-guessed-00000000000', redirect],
      [verifier, 'http://127.0.0.1:5001/callback'],
      ['', redirect],
    ] as const) {
      const code = (await finished()).searchParams.get('code') ?? ''
      assert.equal(logins.redeem(code, theirs, uri), undefined)
      assert.equal(logins.redeem(code, verifier, redirect), undefined)
    }
    const code = (await finished()).searchParams.get('code') ?? ''
    clock.advance(bounds.codeLifeMs)
    assert.equal(logins.redeem(code, verifier, redirect), undefined)
  })

  const starts: readonly (readonly [string, Partial<LoginStart>])[] = [
    ['to another host', { redirect_uri: 'http://evil.example:5000/callback' }],
    ['to a host that begins alike', { redirect_uri: 'http://127.0.0.1.evil.example:5000/' }],
    ['to a user of a host', { redirect_uri: 'http://127.0.0.1:5000@evil.example/' }],
    ['by https', { redirect_uri: 'https://127.0.0.1:5000/' }],
    ['to a script', { redirect_uri: 'javascript:alert(1)' }],
    ['to a path of the page', { redirect_uri: '/callback' }],
    ['without a port', { redirect_uri: 'http://127.0.0.1/callback' }],
    ['to a port that is none', { redirect_uri: 'http://127.0.0.1:99999/callback' }],
    ['with a query', { redirect_uri: `${redirect}?code=mine` }],
    ['with a fragment', { redirect_uri: `${redirect}#x` }],
    ['with a line break', { redirect_uri: `${redirect}\r\nset-cookie:x` }],
    ['with a short state', { state: 'x' }],
    ['with a state that breaks lines', { state: `${login.state}\n` }],
    ['with a plain challenge', { code_challenge: verifier }],
    ['with no challenge', { code_challenge: '' }],
  ]
  for (const [what, change] of starts)
    test(`T19 ${what} is not begun`, async () =>
      assert.equal(await outcome(() => logins.start('adfs', { ...login, ...change })), 'redirect'))

  const persistent = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'
  const time = (ms: number): string => iso(noon + ms)
  const contents: readonly (readonly [string, Partial<Answer>, string])[] = [
    ['another recipient', { recipient: `${base}/v1/saml/other/acs` }, 'recipient'],
    ['another destination', { destination: 'https://other.example/acs' }, 'recipient'],
    ['another audience', { audience: 'https://payroll.example' }, 'audience'],
    ['an audience that begins alike', { audience: 'https://gateway.example/saml2' }, 'audience'],
    [
      'a second restriction to another audience',
      { conditions: '<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>' },
      'audience',
    ],
    ['a condition that nobody knows', { conditions: '<saml:Condition/>' }, 'saml'],
    ['another issuer', { issuer: 'https://evil.example' }, 'issuer'],
    ['an issuer with a slash', { issuer: 'https://idp.example/saml/' }, 'issuer'],
    ['the answer to another request', { confirmedInResponseTo: '_other' }, 'in_response_to'],
    ['a subject confirmed otherwise', { method: 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches' }, 'saml'],
    ['a status that is no success', { status: 'urn:oasis:names:tc:SAML:2.0:status:Responder' }, 'saml'],
    ['its end now', { notOnOrAfter: time(0) }, 'expired'],
    ['its confirmation at its end', { confirmedNotOnOrAfter: time(0) }, 'expired'],
    ['a second left', { notOnOrAfter: time(1000), confirmedNotOnOrAfter: time(1000) }, 'ok'],
    ['its beginning in 60 seconds', { notBefore: time(60_000) }, 'ok'],
    ['its beginning in 61 seconds', { notBefore: time(61_000) }, 'time'],
    ['a time without a zone', { notOnOrAfter: '2026-01-01T12:05:00' }, 'time'],
    ['a time of another zone', { notOnOrAfter: '2026-01-01T12:05:00+02:00' }, 'time'],
    ['no time', { confirmedNotOnOrAfter: '' }, 'signature'],
    ['an end of its session that is over', { session: `SessionNotOnOrAfter="${time(0)}"` }, 'expired'],
    [
      'an e-mail address for a name',
      { format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress' },
      'subject',
    ],
    ['a name for this time', { format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }, 'subject'],
    ['a name of no format', { format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified' }, 'subject'],
    [
      'a name of another directory',
      { format: `${persistent}" NameQualifier="https://hub.example` },
      'subject',
    ],
    ['a name of its own directory', { format: `${persistent}" NameQualifier="${entityId}` }, 'ok'],
    ['no name', { nameId: '' }, 'subject'],
    ['a name over two lines', { nameId: 'a\nb' }, 'subject'],
    [
      'groups that are elsewhere',
      { attributes: { 'http://schemas.microsoft.com/claims/groups.link': ['https://x'] } },
      'groups',
    ],
    ['a group without a name', { attributes: { groups: [''] } }, 'groups'],
    ['a type that is none', { attributes: { kind: ['admin'] } }, 'subject_type'],
    ['two types', { attributes: { kind: ['human', 'service'] } }, 'subject_type'],
    ['somebody who acts', { attributes: { act: ['agent'] } }, 'actor'],
    ['no groups', { attributes: {} }, 'ok'],
  ]
  for (const [what, changes, expected] of contents)
    test(`T19 with ${what}: ${expected}`, async () =>
      assert.equal(await outcome(() => finished(changes)), expected))

  test('T19 that nobody began here is refused: the provider begins none', async () => {
    const { relayState } = await begun()
    assert.equal(
      await outcome(() => logins.finish('adfs', answerTo('_unknown'), relayState)),
      'in_response_to',
    )
    const without = answerXml(goodAnswer('_x')).replace(' InResponseTo="_x">', '>')
    const other = await begun()
    assert.equal(
      await outcome(() => logins.finish('adfs', posted(signed(without, keys)), other.relayState)),
      'saml',
    )
  })

  test('takes one answer, also where that is refused', async () => {
    const { id, relayState } = await begun()
    const stranger = posted(signed(answerXml(goodAnswer(id)), rsaKeys()))
    assert.equal(await outcome(() => logins.finish('adfs', stranger, relayState)), 'signature')
    assert.equal(await outcome(() => logins.finish('adfs', answerTo(id), relayState)), 'in_response_to')
  })

  test('costs other people no more than a part of the time, whoever sends what', async () => {
    const source = secretSource({ base: '.', env: {}, clock })
    const provider = await openSamlProvider(providerConfig(keys), base, source, clock)
    const slow = (response: SamlResponse): Promise<string> => {
      clock.advance(400)
      return provider.verify(response)
    }
    logins = new SamlLogins([{ ...provider, verify: slow }], clock)
    const results: string[] = []
    for (let times = 0; times < 10; times++) results.push(await outcome(() => finished()))
    assert.deepEqual(results, [...Array<string>(6).fill('ok'), ...Array<string>(4).fill('saml_busy')])
    clock.advance(10_000)
    assert.equal(await outcome(() => finished()), 'ok')
  })

  test('T19 is answered once, also when two answers come at once', async () => {
    const { id, relayState } = await begun()
    const answer = answerTo(id)
    const both = await Promise.all([1, 2].map(() => outcome(() => logins.finish('adfs', answer, relayState))))
    assert.deepEqual(both.toSorted(), ['ok', 'replayed'])
    assert.equal(await outcome(() => logins.finish('adfs', answer, relayState)), 'in_response_to')
  })

  test('T19 whose assertion was used is refused for another request as well', async () => {
    await finished({ assertionId: '_same' })
    assert.equal(await outcome(() => finished({ assertionId: '_same' })), 'replayed')
    clock.advance(300_000)
    const later = { notOnOrAfter: time(600_000), confirmedNotOnOrAfter: time(600_000) }
    assert.equal(await outcome(() => finished({ assertionId: '_same', ...later })), 'ok')
  })

  test('T20 answered with the RelayState of another login, or at another provider, is refused', async () => {
    const mine = await begun()
    const theirs = await begun()
    assert.equal(
      await outcome(() => logins.finish('adfs', answerTo(mine.id), theirs.relayState)),
      'in_response_to',
    )
    assert.equal(
      await outcome(() => logins.finish('adfs', answerTo(mine.id), 'https://evil.example')),
      'in_response_to',
    )
    assert.equal(
      await outcome(() => logins.finish('other', answerTo(mine.id), mine.relayState)),
      'in_response_to',
    )
    assert.equal(await outcome(() => logins.finish('adfs', answerTo(mine.id), mine.relayState)), 'ok')
  })

  test('is over after ten minutes', async () => {
    const { id, relayState } = await begun()
    clock.advance(bounds.loginLifeMs)
    const late = { notOnOrAfter: time(900_000), confirmedNotOnOrAfter: time(900_000) }
    assert.equal(await outcome(() => logins.finish('adfs', answerTo(id, late), relayState)), 'in_response_to')
  })

  test('lives no longer than the session of the provider', async () => {
    const code = (await finished({ session: `SessionNotOnOrAfter="${time(90_000)}"` })).searchParams.get(
      'code',
    )
    assert.equal(logins.redeem(code ?? '', verifier, redirect)?.expiresAt, noon + 90_000)
  })

  test('may name its subject and its groups by attributes, where the configuration says so', async () => {
    logins = await opened({
      subject_claim: 'employee',
      mappings: [{ group: 'dba', when: { department: 'databases' } }],
      claims: ['department'],
    })
    const format = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'
    const attributes = { employee: ['4711'], department: ['databases'], groups: ['admins'] }
    const code = (await finished({ format, attributes })).searchParams.get('code')
    const subject = logins.redeem(code ?? '', verifier, redirect)?.subject
    assert.deepEqual(
      [subject?.id, subject?.type, subject?.groups, subject?.claims],
      ['adfs#4711', 'service', ['dba'], { department: 'databases' }],
    )
    const others = { ...attributes, department: ['databases', 'sales'] }
    assert.equal(await outcome(() => finished({ format, attributes: others })), 'mapping')
    assert.equal(
      await outcome(() => finished({ format, attributes: { ...attributes, employee: [] } })),
      'subject',
    )
  })

  test('accepts an answer whose lines end as on Windows, and one with a Response that is signed as well', async () => {
    const first = await begun()
    const lines = answerXml(goodAnswer(first.id)).replace('<saml:Assertion ', '\r\n<saml:Assertion ')
    const text = signed(lines.replaceAll('\r\n', '\n'), keys).replaceAll('\n', '\r\n')
    assert.equal(await outcome(() => logins.finish('adfs', posted(text), first.relayState)), 'ok')
    const second = await begun()
    const once = signed(answerXml({ ...goodAnswer(second.id), assertionId: '_twice' }), keys)
    const twice = signed(once, keys, { what: 'Response' })
    assert.equal(await outcome(() => logins.finish('adfs', posted(twice), second.relayState)), 'ok')
    const third = await begun()
    const forged = signed(answerXml({ ...goodAnswer(third.id), assertionId: '_third' }), keys)
    const spoiled = signed(forged, rsaKeys(), { what: 'Response' })
    assert.equal(await outcome(() => logins.finish('adfs', posted(spoiled), third.relayState)), 'signature')
  })
})

suite('a SAML provider', () => {
  const source = secretSource({ base: '.', env: {}, clock: scriptedClock() })
  const good = providerConfig(keys)
  const small = rsaKeys(1024)
  const bad: readonly (readonly [string, Partial<SamlIssuerConfig>, RegExp])[] = [
    ['a small key', { certificates: providerConfig(small).certificates }, /2048 bits/],
    [
      'a private key',
      { certificates: [{ literal: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }] },
      /PEM files/,
    ],
    ['no PEM', { certificates: [{ literal: 'MIIC' }] }, /PEM files/],
    ['no certificate', { certificates: [] }, /certificates are missing/],
    ['a login in clear', { sign_on_url: 'http://idp.example/sso' }, /must be https/],
    ['a name that is a path', { name: '../x' }, /a name is/],
    ['a mapping that asks for nothing', { mappings: [{ group: 'g', when: {} }] }, /each mapping/],
  ]
  test('is taken by its certificate, as providers publish it', async () => {
    const provider = await openSamlProvider(
      { ...good, certificates: [{ literal: certificate }] },
      base,
      source,
      scriptedClock(),
    )
    assert.match(provider.metadata, /EntityDescriptor/)
  })

  for (const [what, change, words] of bad)
    test(`with ${what} is refused at start`, () =>
      assert.rejects(openSamlProvider({ ...good, ...change }, base, source, scriptedClock()), words))
})

/** Of a key that nobody kept; valid until 2046. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIDDTCCAfWgAwIBAgIUGknx5QkFgDeV9VksBty/iyoGrH4wDQYJKoZIhvcNAQEL
BQAwFjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwHhcNMjYxMTI3MDYyMDI0WhcNNDYx
MTIyMDYyMDI0WjAWMRQwEgYDVQQDDAtpZHAuZXhhbXBsZTCCASIwDQYJKoZIhvcN
AQEBBQADggEPADCCAQoCggEBAMYfwhSK7lPgU6TnHfU2ti7eB0jr7OAg23VZUnM1
fCfasCY33uR2w+sCdg74A2W5lbFR56Gb3Agy7iENMlTgJE4dibo7p/Dsgk5btdXW
1VTk0BTOeubv6VAEUdRY8QRPmQoFfhUU+4hEnBSwS7o48ViNQDimoKue12CK+fkD
1axiO7CJ0F15VyjYIe1CTAoxgJSlCDxxFzaqYGLWeTMQryOUytYvckGhtgOoxZ7z
2YDgon6KAlKCLrehdrnxFK2kWrfEvHO+CStg9ypkTWeirVV5A3AT0DsrY8xU20Ww
CxuDgcKqYIJrJWtIiJz4rVo/D5tBzHhfMuutLIPJ1div+KcCAwEAAaNTMFEwHQYD
VR0OBBYEFINqdka7aZVmGipRqHWwAhdI80z2MB8GA1UdIwQYMBaAFINqdka7aZVm
GipRqHWwAhdI80z2MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEB
ADQcLOrIjk3ktwGdhIxpMCzxZWchLO0xjQr4DbR14NMCIjxHTk4Ulbi54KN8amIF
w5OcT0kiZa2pd/RQ8z+nSlzksYKdLA9Z/cQl9vzFJxlNWoJmQtqjmAyry6kMoAVB
yNSi5b7dvv9IhP6JGLWn5yzNh4ywfyvMxKwo/f6rheHT2tFnIB659bSpfubKD5uy
7LZD5FaAX8b05tJICWrgxCA6jocUQl4fQCmy07IzlRxTeKPOxRd1ACQBXYRqvKLl
Zi/vnArobpgmV3VcINjLJcK3weI4/uFnZ0VWgfD3HeECSiWdz+/+iNKWQLFhETwD
uSKDbr7C7L6D2Voc9Owz4tI=
-----END CERTIFICATE-----
`
