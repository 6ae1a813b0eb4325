import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { byToken, Refused, systemIds } from '@sluice/core'
import { openIdentity, type IdentityParts } from './open.ts'
import { goodClaims, jws, scriptedClock, scriptedIssuer, signingKey } from './scripted-issuer.ts'
import { secretSource } from './secrets/source.ts'

const shop = { user: 'shop_app', password: { env: 'SHOP' } } as const

test('from a provider token to a gateway token that a second gateway with the same key accepts', async () => {
  const key = signingKey('k', 'EdDSA')
  const idp = await scriptedIssuer([key])
  const folder = await mkdtemp(join(tmpdir(), 'sluice-identity-'))
  const clock = scriptedClock()
  const opened = (keys: string): Promise<IdentityParts> =>
    openIdentity({
      issuers: [idp.config],
      saml: { issuers: [], url: '' },
      tokenKey: null,
      sshCaKey: null,
      sshHostKey: null,
      sshLoginKey: null,
      sshKeys: [],
      maskingKey: null,
      keys: join(folder, keys),
      credentials: () => shop,
      base: folder,
      secrets: secretSource({ base: folder, env: { SHOP: 'secret' }, clock }),
      revocations: { of: () => undefined },
      passwords: { of: () => undefined },
      clock,
      ids: systemIds(clock),
    })
  try {
    const [first, second, stranger] = [await opened('keys'), await opened('keys'), await opened('others')]
    const { body } = await first.exchange({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: jws(key, { ...goodClaims(idp.url), subject_type: 'human' }),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
    const { access_token: token } = body as { access_token: string }
    assert.equal((await second.authenticator.authenticate(byToken(token))).subject.id, 'idp#alice')
    await assert.rejects(stranger.authenticator.authenticate(byToken(token)), Refused)
    assert.deepEqual(await first.credentials.credential('shop'), {
      user: 'shop_app',
      password: 'secret',
    })
    const pseudonym = ({ pseudonyms }: IdentityParts): Buffer => pseudonyms.digest('text', 'Ann')
    assert.deepEqual(pseudonym(first), pseudonym(second))
    assert.notDeepEqual(pseudonym(first), pseudonym(stranger))
  } finally {
    await idp.close()
    await rm(folder, { recursive: true })
  }
})
