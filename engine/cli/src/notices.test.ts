import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemIds, type Identity } from '@sluice/core'
import { SecretError, secretSource } from '@sluice/identity'
import { noticeTypes } from '@sluice/notices'
import type { NoticesConfig } from './config/notices.ts'
import { buildNotices, type BuiltNotices } from './notices.ts'
import { scratchFolder } from './scripted.ts'

const bob: Identity = {
  subject: { id: 'demo#bob', type: 'human', issuer: 'demo', groups: ['dba'], claims: {}, on_behalf_of: null },
  tokenId: 'slack',
  expiresAt: 1,
}

function built(
  config: Partial<NoticesConfig>,
  data: string,
  env: Readonly<Record<string, string>> = {},
): Promise<BuiltNotices> {
  return buildNotices(
    { destinations: [], slack: null, ...config },
    {
      data,
      base: data,
      secrets: secretSource({ base: data, env, clock: systemClock }),
      store: { subscribe: async function* () {} },
      acquaintances: { identityOf: (id) => (id === bob.subject.id ? bob : undefined) },
      link: () => null,
      clock: systemClock,
      ids: systemIds(systemClock),
      report: () => {},
    },
  )
}

const about = { events: noticeTypes, approvers: null }

suite('what refers to nothing is found at start', () => {
  const destinations: readonly NoticesConfig['destinations'][number][] = [
    {
      ...about,
      name: 'hook',
      kind: 'webhook',
      url: { env: 'URL' },
      secret: { literal: 's' },
      tlsCa: null,
    },
    { ...about, name: 'chat', kind: 'slack', url: { env: 'URL' }, bot: null },
    {
      ...about,
      name: 'mail',
      kind: 'mail',
      host: { host: 'localhost', port: 25 },
      tls: 'starttls',
      tlsCa: null,
      login: { user: 'u', password: { env: 'URL' } },
      from: 'a@b',
      to: ['c@d'],
    },
  ]
  for (const destination of destinations)
    test(`a secret of a ${destination.kind}`, async () => {
      using folder = scratchFolder()
      await assert.rejects(built({ destinations: [destination] }, folder.path), SecretError)
      const { notices } = await built({ destinations: [destination] }, folder.path, {
        URL: 'https://x.example',
      })
      await notices.close()
      assert.ok(existsSync(join(folder.path, 'notices', `${destination.name}.json`)))
    })

  test('an authority', async () => {
    using folder = scratchFolder()
    const [hook] = destinations
    assert.ok(hook?.kind === 'webhook')
    const of = { destinations: [{ ...hook, url: { literal: 'https://x.example' }, tlsCa: 'ca.pem' }] }
    await assert.rejects(built(of, folder.path), /ENOENT/)
    writeFileSync(join(folder.path, 'ca.pem'), 'pem')
    await (await built(of, folder.path)).notices.close()
  })

  test('the signing secret of Slack', async () => {
    using folder = scratchFolder()
    const slack = { signingSecret: { env: 'SIGN' }, users: new Map(), team: null }
    await assert.rejects(built({ slack }, folder.path), SecretError)
  })
})

suite('whoever clicks in Slack', () => {
  const users = new Map([
    ['U1', 'demo#bob'],
    ['U2', 'demo#carol'],
  ])

  test('is whom the configuration names, when the gateway knows them', async () => {
    using folder = scratchFolder()
    const slack = { signingSecret: { literal: 's' }, users, team: null }
    const voter = (await built({ slack }, folder.path)).slack?.voter
    assert.deepEqual(voter?.('U1', 'T9'), { kind: 'known', identity: bob })
    assert.deepEqual(voter?.('U2', 'T9'), { kind: 'unseen' })
    assert.deepEqual(voter?.('U3', 'T9'), { kind: 'unmapped' })
  })

  test('is nobody from another workspace than the one that is named', async () => {
    using folder = scratchFolder()
    const slack = { signingSecret: { literal: 's' }, users, team: 'T1' }
    const voter = (await built({ slack }, folder.path)).slack?.voter
    assert.deepEqual(voter?.('U1', 'T9'), { kind: 'unmapped' })
    assert.equal(voter?.('U1', 'T1').kind, 'known')
  })

  test('is nobody where votes in Slack are not configured', async () => {
    using folder = scratchFolder()
    assert.equal((await built({}, folder.path)).slack, undefined)
  })
})
