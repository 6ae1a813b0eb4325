import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { SecretError } from './reference.ts'
import { ScriptedVault, TimedClock } from './scripted-vault.ts'
import { VaultTokens, type VaultAuth } from './vault-tokens.ts'

const approle: VaultAuth = {
  kind: 'approle',
  mount: 'approle',
  roleId: 'r',
  secretId: () => Promise.resolve('hunter2'),
}

type Instead = (path: string) => { readonly status: number; readonly json: object } | undefined

function opened(instead: Instead = () => undefined, auth: VaultAuth = approle) {
  let number = 0
  const logIn = (): { status: number; json: object } => {
    number += 1
    return {
      status: 200,
      json: { auth: { client_token: `t${number}`, lease_duration: 60, renewable: true } },
    }
  }
  const renew = { status: 200, json: { auth: { client_token: 't', lease_duration: 60, renewable: true } } }
  const vault = new ScriptedVault((path) => instead(path) ?? (path.endsWith('/login') ? logIn() : renew))
  const clock = new TimedClock()
  return { vault, clock, tokens: new VaultTokens(auth, vault.ask, clock) }
}

const textOf = async (tokens: VaultTokens): Promise<string> =>
  (await tokens.token()).headers['x-vault-token'] ?? ''

suite('the token of this gateway', () => {
  test('is got by one for all, and renewed', async () => {
    const { vault, clock, tokens } = opened()
    assert.equal(vault.asked.length, 0, 'nothing is asked before it is needed')
    assert.deepEqual(new Set(await Promise.all([textOf(tokens), textOf(tokens)])), new Set(['t1']))
    await clock.advance(600_000)
    assert.equal(await textOf(tokens), 't1')
    assert.deepEqual(new Set(vault.asked), new Set(['auth/approle/login', 'auth/token/renew-self t1']))
    await tokens.close()
    assert.equal(vault.asked.at(-1), 'auth/token/revoke-self t1')
    const asked = vault.asked.length
    await clock.advance(600_000)
    assert.equal(vault.asked.length, asked)
  })

  test('that can no longer be renewed is followed by another one', async () => {
    for (const status of [403, 500]) {
      const { clock, tokens } = opened((path) =>
        path.endsWith('renew-self') ? { status, json: {} } : undefined,
      )
      assert.equal(await textOf(tokens), 't1')
      await clock.advance(61_000)
      assert.equal(await textOf(tokens), 't2')
    }
  })

  test('is exchanged only for one that is not refused', async () => {
    const { vault, tokens } = opened()
    const first = await tokens.token()
    assert.equal(await tokens.withAnother(first, () => Promise.resolve(undefined)), undefined)
    assert.equal(await textOf(tokens), 't1')
    assert.equal(vault.asked.at(-1), 'auth/token/revoke-self t2', 'it is of no use')
    assert.equal(await tokens.withAnother(first, () => Promise.resolve('read')), 'read')
    assert.equal(await textOf(tokens), 't3')
    await tokens.close()
    assert.deepEqual(vault.asked.slice(-2).toSorted(), [
      'auth/token/revoke-self t1',
      'auth/token/revoke-self t3',
    ])
  })

  test('of a file is read again, and neither renewed nor revoked', async () => {
    let text = 'one'
    const { vault, clock, tokens } = opened(undefined, { kind: 'token', token: () => Promise.resolve(text) })
    const first = await tokens.token()
    assert.equal(await tokens.withAnother(first, () => assert.fail('it is the same')), undefined)
    text = 'two'
    assert.equal(await tokens.withAnother(first, (by) => Promise.resolve(by.headers['x-vault-token'])), 'two')
    assert.equal(await textOf(tokens), 'two')
    await clock.advance(600_000)
    await tokens.close()
    assert.deepEqual(vault.asked, [])
  })

  test('that is not given is asked for again by the next, and what was shown is not told', async () => {
    let lets = false
    const { tokens } = opened((path) =>
      path.endsWith('/login') && !lets ? { status: 400, json: {} } : undefined,
    )
    await assert.rejects(tokens.token(), (error) => {
      assert.ok(error instanceof SecretError)
      assert.equal(error.message, 'Vault does not let this gateway in by approle (400)')
      return true
    })
    lets = true
    assert.equal(await textOf(tokens), 't1')
  })
})
