import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { refusal, Refused, tokenIn, type Hello, type Refusal, type Stranger } from '@sluice/core'
import { Reception } from './reception.ts'
import type { Lease } from './sessions.ts'
import type { Claim } from './unread.ts'

const known: Claim = {
  target: 'shop',
  prefix: '/shop',
  token: 'good',
  run: { id: null, trace_id: null },
  application: 'curl',
  preferAsync: false,
  acceptEncoding: null,
}
const here = { remoteAddress: '::ffff:127.0.0.1' } as Socket
const unreadable = refusal('malformed', 'http/path', 'No.')
const lease = {} as Lease

/** A gate that knows good tokens, and what it was told of others. */
function scripted() {
  const asked: Hello[] = []
  const told: (readonly [Stranger, Refusal])[] = []
  const take = (hello: Hello): Promise<Lease> => {
    asked.push(hello)
    if (tokenIn(hello.proof) === 'good') return Promise.resolve(lease)
    return Promise.reject(new Refused(refusal('token_refused', 'identity/signature', 'No.')))
  }
  const refused = (stranger: Stranger, reason: Refusal): void => void told.push([stranger, reason])
  return {
    reception: new Reception({ take }, { refused }),
    asked,
    rules: () => told.map(([{ target, client }, { rule }]) => `${rule} ${target} ${client.ip}`),
  }
}

async function ruleOf(admitted: Promise<Lease>): Promise<string> {
  return admitted.then(
    () => 'admitted',
    (error: unknown) => (error instanceof Refused ? error.refusal.rule : String(error)),
  )
}

suite('who comes', () => {
  test('with a good token is let in, also with what cannot be read', async () => {
    const { reception, rules, asked } = scripted()
    assert.equal(await reception.admit(known, here), lease)
    assert.equal(await reception.admit(known, here, unreadable), lease)
    assert.deepEqual(rules(), [])
    assert.deepEqual(asked[0]?.client, { ip: '127.0.0.1', application: 'curl' })
  })

  test('with another one is refused by the gate, which knows of it', async () => {
    const { reception, rules } = scripted()
    assert.equal(await ruleOf(reception.admit({ ...known, token: 'bad' }, here)), 'identity/signature')
    assert.deepEqual(rules(), [])
  })

  test('with none, or shows it to everybody on the way, is told to the gate, which is not asked', async () => {
    const { reception, rules, asked } = scripted()
    const elsewhere = { remoteAddress: '10.0.0.9' } as Socket
    assert.equal(await ruleOf(reception.admit({ ...known, token: null }, here)), 'adapter/no_token')
    assert.equal(await ruleOf(reception.admit(known, elsewhere)), 'adapter/clear_text')
    assert.deepEqual(rules(), ['adapter/no_token shop 127.0.0.1', 'adapter/clear_text shop 10.0.0.9'])
    assert.deepEqual(asked, [])
  })

  test('with what cannot be read is refused for that, and told for that', async () => {
    for (const claim of [
      { ...known, token: null },
      { ...known, token: 'bad' },
      { ...known, target: '' },
    ]) {
      const { reception, rules } = scripted()
      assert.equal(await ruleOf(reception.admit(claim, here, unreadable)), 'http/path')
      assert.deepEqual(rules(), [`http/path ${claim.target} 127.0.0.1`])
    }
  })
})
