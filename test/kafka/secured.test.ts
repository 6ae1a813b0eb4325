import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemIds, type NewEvent, type RecordedEvent } from '@sluice/core'
import { secretSource } from '@sluice/identity'
import { parseConfig } from '../../engine/cli/src/config/config.ts'
import { openLog } from '../../engine/cli/src/log.ts'
import { authority, issuedBy } from '../src/certificate.ts'
import { broker } from './broker.ts'
import { tokenEndpoint } from './token-endpoint.ts'

/** One broker, each of whose listeners wants something else of whoever connects. */
const company = authority('company')
const stranger = authority('stranger')
const names = ['broker', '127.0.0.1']
const own = issuedBy(company, names)
const passwords = { PLAIN: 'plain7', 'SCRAM-SHA-256': 'scram256', 'SCRAM-SHA-512': 'scram512' } as const
const tokens = await tokenEndpoint('brokers')
const logins = { user: 'sluice', passwords, tokens: { ...tokens, audience: 'brokers' } }
after(() => tokens[Symbol.asyncDispose]())
const kafka = await broker(1, [
  { name: 'TLS', ...own },
  { name: 'MTLS', ...own, clients: company.cert },
  { name: 'LOGIN', ...own, logins },
  { name: 'EXPIRED', ...issuedBy(company, names, -60_000) },
  { name: 'ELSEWHERE', ...issuedBy(company, ['broker.elsewhere']) },
])

const secrets = { PLAIN: passwords.PLAIN, S256: passwords['SCRAM-SHA-256'], S512: passwords['SCRAM-SHA-512'] }
const env = { ...secrets, CLIENT: tokens.secret, WRONG: 'not-this-one' }
const ids = systemIds(systemClock)

async function all(events: AsyncIterable<RecordedEvent>): Promise<readonly RecordedEvent[]> {
  const found: RecordedEvent[] = []
  for await (const event of events) found.push(event)
  return found
}

suite('secured brokers', { skip: 'missing' in kafka ? kafka.missing : false, concurrency: true }, () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-secured-'))
    const [known, unknown] = [issuedBy(company, ['gw_1']), issuedBy(stranger, ['gw_1'])]
    const late = issuedBy(company, ['gw_1'], -60_000)
    const files = { company, stranger, known, unknown, late }
    for (const [name, { cert, key }] of Object.entries(files)) {
      await writeFile(join(folder, `${name}.pem`), cert)
      await writeFile(join(folder, `${name}.key`), key)
    }
  })
  after(() => rm(folder, { recursive: true, force: true }))

  /** The log as `serve` opens it by a configuration with these lines. */
  async function opened(listener: string, lines: string) {
    const brokers = 'missing' in kafka ? [] : kafka.cluster.securedBrokers(listener)
    const text = `
log: { kind: kafka, brokers: [${brokers.map((each) => `"${each}"`).join()}], prefix: "${randomBytes(6).toString('hex')}.",
  replication: 1, allow_unsafe: [single_broker], ${lines} }
identity: { issuers: [{ name: okta, kind: oidc, issuer: https://example.okta.com, audience: sluice }] }
policies: { path: ./policies }
targets: []
`
    return openLog(parseConfig('sluice.yaml', text).log, {
      data: await mkdtemp(join(folder, 'data-')),
      base: folder,
      secrets: secretSource({ base: folder, env, clock: systemClock }),
      retention: { contentMs: null, auditMs: null, bodiesMs: null },
      clock: systemClock,
      ids,
      report: (what, error) => assert.fail(`${what}: ${String(error)}`),
      lost: () => {},
    })
  }

  const sasl = (mechanism: string, variable: string, user = 'sluice'): string =>
    `tls: { ca: company.pem }, sasl: { mechanism: ${mechanism}, user: ${user}, password: { env: ${variable} } }`
  const bearer = (url: string, variable = 'CLIENT'): string =>
    `tls: { ca: company.pem }, sasl: { mechanism: oauthbearer, token_url: "${url}", client_id: ${tokens.client}, client_secret: { env: ${variable} } }`

  const right: readonly (readonly [string, string, string])[] = [
    ['TLS', 'TLS', 'tls: { ca: company.pem }'],
    ['mutual TLS', 'MTLS', 'tls: { ca: company.pem, cert: known.pem, key: known.key }'],
    ['PLAIN', 'LOGIN', sasl('plain', 'PLAIN')],
    ['SCRAM-SHA-256', 'LOGIN', sasl('scram-sha-256', 'S256')],
    ['SCRAM-SHA-512', 'LOGIN', sasl('scram-sha-512', 'S512')],
    ['OAUTHBEARER', 'LOGIN', bearer(tokens.token)],
  ]
  for (const [what, listener, lines] of right)
    test(`${what} serves a log: content, control and what is too large for its event`, async () => {
      const { log } = await opened(listener, lines)
      const large = randomBytes(200_000)
      const event: NewEvent = {
        id: ids.next('evt'),
        time: systemClock.now(),
        type: 'RequestReceived',
        data: { session: 'ses_a', exchange: 'exc_a', actions: '[]', digest: 'd', bytes: large.length },
        sealed: large,
      }
      const removed: NewEvent = {
        id: ids.next('evt'),
        time: systemClock.now(),
        type: 'TargetRemoved',
        data: { name: 'shop', by: 'file' },
      }
      const now = { withinMs: 10_000, urgency: 'now' } as const
      await log.append({ stream: 'ses_a', events: [event] }, now)
      await log.append({ stream: 'control', events: [removed] }, now)
      const read = await all(log.read(undefined, 'ses_a'))
      assert.deepEqual(
        read.map(({ id }) => id),
        [event.id],
      )
      for (const each of read) {
        const unsealed = await log.unseal(each)
        assert.ok(unsealed.kind === 'content' && Buffer.from(unsealed.content).equals(large))
      }
      const control = await all(log.read(undefined, 'control'))
      assert.ok(control.some(({ id }) => id === removed.id))
      assert.ok(log.healthy)
      await log.close()
    })

  const certificates = /Check log\.tls: the authority/
  const login = /Check log\.sasl/
  const wishes = /Check that log\.tls and log\.sasl are what they want/
  const trusting = 'tls: { ca: company.pem }'
  const shown = (name: string): string => `tls: { ca: company.pem, cert: ${name}.pem, key: ${name}.key }`
  const wrong: readonly (readonly [string, string, string, RegExp, RegExp])[] = [
    ['an unknown authority', 'TLS', 'tls: { ca: stranger.pem }', /first certificate\./, certificates],
    ['only authorities of the machine', 'TLS', 'tls: true', /first certificate\./, certificates],
    ['an expired broker', 'EXPIRED', trusting, /certificate has expired\./, certificates],
    [
      'a broker of another name',
      'ELSEWHERE',
      trusting,
      /does not match certificate's altnames/,
      certificates,
    ],
    ['no certificate of its own', 'MTLS', trusting, /refuse the certificate of this gateway/, certificates],
    ['a stranger’s certificate', 'MTLS', shown('unknown'), /refuse the certificate/, certificates],
    ['a certificate that has expired', 'MTLS', shown('late'), /refuse the certificate/, certificates],
    ['no TLS', 'TLS', 'tls: false', /they close the connection\./, wishes],
    ['no login', 'LOGIN', trusting, /they close the connection\./, wishes],
    ['a wrong password of PLAIN', 'LOGIN', sasl('plain', 'WRONG'), /Invalid username or password/, login],
    ['another mechanism’s password', 'LOGIN', sasl('scram-sha-256', 'S512'), /invalid credentials/, login],
    ['a wrong password of SCRAM', 'LOGIN', sasl('scram-sha-512', 'WRONG'), /invalid credentials/, login],
    ['an unknown user', 'LOGIN', sasl('scram-sha-512', 'S512', 'nobody'), /invalid credentials/, login],
    ['a token of another issuer', 'LOGIN', bearer(tokens.forged), /they close the connection\./, wishes],
    ['a wrong client secret', 'LOGIN', bearer(tokens.token, 'WRONG'), /answered 401/, login],
  ]
  for (const [what, listener, lines, reason, advice] of wrong)
    test(`with ${what} nothing starts, and it is said why`, async () => {
      await assert.rejects(opened(listener, lines), (error: Error) => {
        assert.equal(error.name, 'BrokersError')
        assert.match(error.message, /^The brokers at 127\.0\.0\.1:\d+ cannot be used: /)
        assert.match(error.message, reason)
        assert.match(error.message, advice)
        for (const secret of Object.values(env)) assert.ok(!error.message.includes(secret))
        return true
      })
    })
})
