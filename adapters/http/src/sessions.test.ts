import { afterEach, beforeEach, mock, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  byToken,
  refusal,
  Refused,
  Stop,
  tokenIn,
  type Gate,
  type Hello,
  type Refusal,
  type Session,
} from '@sluice/core'
import { Sessions } from './sessions.ts'
import type { HttpSettings } from './target.ts'

const hello: Hello = {
  protocol: 'http',
  target: 'shop-api',
  proof: byToken('good'),
  client: { ip: '127.0.0.1', application: null },
  run: { id: null, trace_id: null },
}

/** Opens a session for whoever has a good token, and says what became of each. */
function scripted() {
  const opened: (Session<HttpSettings> & { readonly ending: Stop<Refusal> })[] = []
  const closed: string[] = []
  const gate = {
    open: async ({ proof }: Hello) => {
      if (tokenIn(proof) === 'stolen')
        throw new Refused(refusal('token_refused', 'identity/signature', 'No.'))
      const id = `ses_${opened.length}`
      const session = {
        id,
        ending: new Stop<Refusal>(),
        close: async (reason: string) => void closed.push(`${id} ${reason}`),
      } as unknown as (typeof opened)[number]
      opened.push(session)
      return session
    },
  } as unknown as Gate<HttpSettings>
  return { opened, closed, sessions: new Sessions(gate) }
}

suite('sessions over HTTP', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  test('what comes with one token, from one address, to one target is one', async () => {
    const { sessions, opened } = scripted()
    const taken = await Promise.all([sessions.take(hello), sessions.take(hello)])
    assert.equal(new Set(taken.map(({ session }) => session)).size, 1)
    await sessions.take({ ...hello, target: 'other' })
    await sessions.take({ ...hello, proof: byToken('another') })
    await sessions.take({ ...hello, client: { ip: '10.0.0.9', application: null } })
    assert.equal(opened.length, 4)
  })

  test('it is over when nothing has come for five minutes, and not while something runs', async () => {
    const { sessions, closed } = scripted()
    const first = await sessions.take(hello)
    const second = await sessions.take(hello)
    first[Symbol.dispose]()
    mock.timers.tick(600_000)
    assert.deepEqual(closed, [])
    second[Symbol.dispose]()
    mock.timers.tick(299_000)
    const third = await sessions.take(hello)
    mock.timers.tick(299_000)
    third[Symbol.dispose]()
    mock.timers.tick(300_000)
    await Promise.resolve()
    assert.deepEqual(closed, ['ses_0 idle'])
    assert.equal((await sessions.take(hello)).session.id, 'ses_1')
  })

  test('one that must end is closed, and its token is looked at whole again', async () => {
    const { sessions, opened, closed } = scripted()
    await sessions.take(hello)
    opened[0]?.ending.request(refusal('token_expired', 'identity/expired', 'Over.'))
    await Promise.resolve()
    assert.deepEqual(closed, ['ses_0 identity/expired'])
    assert.equal((await sessions.take(hello)).session.id, 'ses_1')
  })

  test('one that was carried on is for what runs in it: its first token is looked at whole again', async () => {
    const { sessions, opened, closed } = scripted()
    const running = await sessions.take(hello)
    Object.assign(opened[0] ?? {}, { extended: true })
    const [second, third] = await Promise.all([sessions.take(hello), sessions.take(hello)])
    assert.deepEqual([second.session.id, third.session.id], ['ses_1', 'ses_1'])
    await Promise.resolve()
    assert.deepEqual(closed, [], 'what runs may finish')
    running[Symbol.dispose]()
    await Promise.resolve()
    assert.deepEqual(closed, ['ses_0 extended'])
  })

  test('who is refused leaves nothing behind', async () => {
    const { sessions, opened } = scripted()
    await assert.rejects(sessions.take({ ...hello, proof: byToken('stolen') }), /No\./)
    await assert.rejects(sessions.take({ ...hello, proof: byToken('stolen') }), /No\./)
    assert.equal(opened.length, 0)
  })

  test('they end with the gateway', async () => {
    const { sessions, closed } = scripted()
    await sessions.take(hello)
    await sessions.close()
    assert.deepEqual(closed, ['ses_0 the gateway stopped'])
  })
})
