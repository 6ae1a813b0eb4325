import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { noticeTypes } from '@sluice/notices'
import { parseConfig } from './config.ts'
import type { NoticesConfig } from './notices.ts'

const rest = `
identity: { issuers: [{ name: okta, kind: oidc, issuer: https://example.okta.com, audience: sluice }] }
policies: { path: ./policies }
targets: []
`

function parsed(notices: string): NoticesConfig {
  return parseConfig('sluice.yaml', `notices:\n${notices}${rest}`).notices
}

/** One destination, at line 4 of the file. */
function destination(text: string): NoticesConfig['destinations'][number] | undefined {
  return parsed(`  destinations:\n    oncall:\n      ${text}\n`).destinations[0]
}

const hook = 'kind: webhook, url: "https://hooks.example.com/x", secret: { env: HOOK_SECRET }'
const mail = 'kind: mail, host: "smtp.example.com:587", from: sluice@example.com, to: [bob@example.com]'

suite('destinations of notices', () => {
  test('there are none unless the file says so', () => {
    assert.deepEqual(parseConfig('sluice.yaml', rest).notices, { destinations: [], slack: null })
  })

  test('a webhook hears of everything by default', () => {
    assert.deepEqual(destination(`{ ${hook} }`), {
      name: 'oncall',
      events: noticeTypes,
      approvers: null,
      kind: 'webhook',
      url: { literal: 'https://hooks.example.com/x' },
      secret: { env: 'HOOK_SECRET' },
      tlsCa: null,
    })
  })

  test('Slack by an incoming webhook, or by a bot', () => {
    const url = { file: 'slack-url' }
    const webhook = destination('{ kind: slack, url: { file: slack-url }, events: [alarm.raised] }')
    assert.deepEqual(webhook, {
      name: 'oncall',
      events: ['alarm.raised'],
      approvers: null,
      kind: 'slack',
      url,
      bot: null,
    })
    const bot = destination('{ kind: slack, token: { env: BOT }, channel: C1, approvers: [dba] }')
    assert.deepEqual([bot?.kind, bot?.approvers], ['slack', ['dba']])
    assert.deepEqual(bot?.kind === 'slack' && [bot.url, bot.bot], [
      null,
      { token: { env: 'BOT' }, channel: 'C1' },
    ])
  })

  test('mail goes by STARTTLS unless the file says otherwise', () => {
    const plain = destination(`{ ${mail} }`)
    assert.ok(plain?.kind === 'mail')
    assert.deepEqual(
      [plain.tls, plain.host, plain.login],
      ['starttls', { host: 'smtp.example.com', port: 587 }, null],
    )
    const login = destination(`{ ${mail}, user: sluice, password: { env: MAIL } }`)
    assert.deepEqual(login?.kind === 'mail' && login.login, { user: 'sluice', password: { env: 'MAIL' } })
  })

  const mistakes: readonly (readonly [string, RegExp])[] = [
    ['{ kind: webhok }', /sluice\.yaml:4:9: .*kind cannot be "webhok" — did you mean "webhook"\?/],
    [
      `{ ${hook}, evnts: [] }`,
      /unknown key "evnts" in notices\.destinations\.oncall — did you mean "events"\?/,
    ],
    [`{ ${hook}, events: [alarm.rised] }`, /cannot be "alarm\.rised" — did you mean "alarm\.raised"\?/],
    [
      '{ kind: webhook, url: https://a.example }',
      /sluice\.yaml:3:5: notices\.destinations\.oncall lacks "secret"/,
    ],
    [
      `{ ${hook}, channel: C1 }`,
      /sluice\.yaml:4:\d+: unknown key "channel" in .*, a webhook — valid keys: kind/,
    ],
    [`{ ${hook.replace('https', 'http')} }`, /sluice\.yaml:4:\d+: .*url must begin with https/],
    [
      `{ ${hook.replace('{ env: HOOK_SECRET }', 'hunter2')} }`,
      /oncall\.secret is not valid — A reference, \{ env/,
    ],
    ['{ kind: slack }', /oncall lacks "url"/],
    ['{ kind: slack, token: { env: BOT } }', /oncall lacks "channel"/],
    ['{ kind: slack, url: { env: U }, channel: C1 }', /channel goes with token/],
    [
      `{ ${mail}, tls: disable }`,
      /tls can be disable only for 127\.0\.0\.1, ::1 or localhost — use starttls/,
    ],
    [`{ ${mail}, user: sluice }`, /oncall lacks "password"/],
    [`{ ${mail}, password: { env: P } }`, /oncall lacks "user"/],
    [
      `{ ${mail.replace('bob@example.com', '"bob@example.com\\r\\nBcc: eve@example.com"')} }`,
      /oncall\.to\.0 must match/,
    ],
    [`{ ${mail.replace('sluice@', '"Sluice <sluice>, eve@"')} }`, /sluice\.yaml/],
  ]
  for (const [text, expected] of mistakes)
    test(`${text.slice(0, 60)} is reported where it stands`, () => {
      assert.throws(
        () => destination(text),
        (error: unknown) => {
          assert.ok(error instanceof Error)
          assert.match(error.message, expected)
          assert.doesNotMatch(error.message, /hunter2/)
          return true
        },
      )
    })

  test('a name is one that can be a file’s', () => {
    assert.throws(() => parsed(`  destinations:\n    ../x: { ${hook} }\n`), /notices\.destinations/)
  })
})

suite('votes in Slack', () => {
  const slack = (text: string): NoticesConfig['slack'] =>
    parsed(`  destinations: {}\n  slack: { signing_secret: { env: S }, ${text} }\n`).slack

  test('map users to subjects', () => {
    assert.deepEqual(slack('users: { U123: "demo#bob" }, team: T1'), {
      signingSecret: { env: 'S' },
      users: new Map([['U123', 'demo#bob']]),
      team: 'T1',
    })
  })

  for (const [text, expected] of [
    ['users: { bob: "demo#bob" }', /notices\.slack\.users/],
    ['users: { U123: bob }', /notices\.slack\.users\.U123 must match/],
    ['team: T1', /notices\.slack lacks "users"/],
  ] as const)
    test(`${text} is not a map`, () => assert.throws(() => slack(text), expected))
})
