import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  tokenIn,
  type Proof,
  StoreError,
  subjectRecord,
  type AnswerPart,
  type NewEvent,
  type RecordedEvent,
  type Recording,
} from '@sluice/core'
import type { ContentPorts } from './recording-session.ts'
import type { RecordingStep } from './recording-step.ts'
import { bearer, identityOf, scriptedApi, ScriptedStore, type ScriptedApi } from './scripted.ts'

/** Content is its own text. */
function plainly(): Recording {
  const shown = (content: Uint8Array): readonly AnswerPart[] => [
    { kind: 'status', text: Buffer.from(content).toString() },
  ]
  return {
    request: (_exchange, content) => [{ text: Buffer.from(content).toString(), parameters: [] }],
    body: (_exchange, content) => shown(content),
    answer: (_exchange, content) => shown(content),
    end: () => [],
  }
}

let made = 0

type Written = Pick<NewEvent, 'type' | 'data' | 'sealed'> & { readonly time?: number }

async function write(api: ScriptedApi, stream: string, ...events: readonly Written[]): Promise<void> {
  for (const { time = 4_000_000_000_000, ...event } of events)
    await api.store.append({ stream, events: [{ id: `evt_${made++}`, time, ...event } as NewEvent] })
}

const received = (session: string, exchange: string, text = 'select 1'): Written => ({
  type: 'RequestReceived',
  data: {
    session,
    exchange,
    actions: '[{"name":"sql.select","kind":"select","relations":[{"schema":"public","name":"orders"}]}]',
    digest: '',
    bytes: text.length,
  },
  sealed: Buffer.from(text),
})

const verdict = {
  effect: 'allow',
  reasons: [{ rule: 'test/read', message: 'Reading is fine.', remedy: '' }],
  mask: [{ relation: 'public.orders', column: 'note', method: 'redact', rule: 'test/mask' }],
  limits: { rows: null, bytes: null, timeout_ms: null },
  approval: null,
  labels: {},
}

const decided = (
  session: string,
  exchange: string,
  effect: 'allow' | 'deny' | 'hold' = 'allow',
): Written => ({
  type: 'DecisionMade',
  data: {
    session,
    exchange,
    decision: 'dec_1',
    effect,
    verdicts: JSON.stringify([verdict, verdict]),
    rule: 'test/read',
    revision: 'r1',
    now_ms: 1,
    facts: '{}',
    approvals: '[{"id":"apr_1","approved_by":["test#dave"],"rules":[]}]',
    grants: '[]',
  },
})

const chunk = (session: string, exchange: string, index: number, text: string): Written => ({
  type: 'RecordingChunk',
  data: { session, exchange, direction: 'response', index, bytes: text.length },
  sealed: Buffer.from(text),
})

const completed = (session: string, exchange: string, text: string | null, chunks = 0): Written => ({
  type: 'ResponseCompleted',
  data: {
    session,
    exchange,
    outcome: 'completed',
    status: null,
    rows: 1,
    bytes: 4,
    masked: [{ column: 'public.orders.note', method: 'redact', values: 1 }],
    chunks,
    micros: 5,
    usage: null,
  },
  ...(text === null ? {} : { sealed: Buffer.from(text) }),
})

function api(change: Partial<ContentPorts> = {}, store?: ScriptedStore): ScriptedApi {
  return scriptedApi({ recording: plainly, ...change }, store)
}

function get({ app }: ScriptedApi, session: string, token: string) {
  return app.inject({ url: `/v1/sessions/${session}/recording`, headers: bearer(token) })
}

function stepsIn(body: string): readonly RecordingStep[] {
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordingStep)
}

async function steps(of: ScriptedApi, session: string, token = 'erin'): Promise<readonly RecordingStep[]> {
  const answer = await get(of, session, token)
  assert.equal(answer.statusCode, 200, answer.body)
  assert.match(String(answer.headers['content-type']), /^application\/x-ndjson/)
  return stepsIn(answer.body)
}

/** Without the times. */
function plain(told: readonly RecordingStep[]): readonly object[] {
  return told.map(({ at: _at, ...step }) => step)
}

async function events({ store }: ScriptedApi, type: string): Promise<readonly RecordedEvent[]> {
  const found: RecordedEvent[] = []
  for await (const event of store.read()) if (event.type === type) found.push(event)
  return found
}

suite('what happened', () => {
  test('who, what, why, what was seen, and how it ended', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    await write(
      scripted,
      session,
      received(session, 'exc_1'),
      decided(session, 'exc_1'),
      chunk(session, 'exc_1', 0, 'first '),
      completed(session, 'exc_1', 'last', 1),
    )
    await scripted.engine.session(session)?.close('gone')
    const told = plain(await steps(scripted, session))
    const exchange = 'exc_1'
    assert.deepEqual(told, [
      {
        step: 'opened',
        session,
        gateway: 'test',
        subject: 'test#alice',
        on_behalf_of: null,
        target: 'shop',
        protocol: 'postgres',
        client_ip: '127.0.0.1',
        application: null,
      },
      {
        step: 'request',
        exchange,
        run: null,
        actions: [{ name: 'sql.select', kind: 'select', relations: ['public.orders'] }],
        bytes: 8,
        content: 'shown',
        statements: [{ text: 'select 1', parameters: [] }],
      },
      {
        step: 'decision',
        exchange,
        decision: 'dec_1',
        effect: 'allow',
        rule: 'test/read',
        revision: 'r1',
        reasons: [{ rule: 'test/read', message: 'Reading is fine.' }],
        masks: [{ place: 'public.orders.note', method: 'redact', rule: 'test/mask' }],
        approvals: [{ id: 'apr_1', approved_by: ['test#dave'] }],
      },
      { step: 'answer', exchange, content: 'shown', parts: [{ kind: 'status', text: 'first ' }] },
      { step: 'answer', exchange, content: 'shown', parts: [{ kind: 'status', text: 'last' }] },
      {
        step: 'completed',
        exchange,
        outcome: 'completed',
        status: null,
        rows: 1,
        bytes: 4,
        masked: [{ column: 'public.orders.note', method: 'redact', values: 1 }],
      },
      { step: 'closed', reason: 'gone', requests: 0, denied: 0, rows: 0, bytes: 0 },
    ])
  })

  test('what it heard without having asked', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    await write(scripted, session, chunk(session, session, 0, 'news'))
    await write(scripted, session, chunk(session, session, 1, 'more news'))
    const [, ...heard] = plain(await steps(scripted, session))
    assert.deepEqual(
      heard.map((step) => ({ ...step, parts: JSON.stringify('parts' in step ? step.parts : null) })),
      ['news', 'more news'].map((text) => ({
        step: 'heard',
        content: 'shown',
        parts: JSON.stringify(plainly()?.answer(session, Buffer.from(text))),
      })),
    )
  })

  test('denials that were only counted', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    const rules = [{ rule: 'test/no', denied: 800 }]
    const of = { session, subject: 'test#alice', target: 'shop', decision: 'dec_9' }
    await write(scripted, session, {
      type: 'DenialsCounted',
      data: { ...of, requests: 900, denied: 800, from_ms: 0, until_ms: 1_000, rules },
    })
    const [, counted] = plain(await steps(scripted, session))
    const [from, until] = ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:01.000Z']
    assert.deepEqual(counted, {
      step: 'denials',
      decision: 'dec_9',
      requests: 900,
      denied: 800,
      from,
      until,
      rules,
    })
  })

  test('an approval: asked, voted on by whom and why, too late a vote, used', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    const time = 4_000_000_000_000
    await write(
      scripted,
      session,
      { ...received(session, 'exc_1'), time },
      { ...decided(session, 'exc_1', 'hold'), time },
    )
    const vote = (type: 'ApprovalGranted' | 'ApprovalRejected', who: string, at: number): Written => ({
      type,
      time: at,
      data: {
        approval: 'apr_1',
        voter: subjectRecord(identityOf(who).subject),
        people: [`test#${who}`],
        token_id: who,
        reason: `${who} says so`,
      },
    })
    await write(
      scripted,
      'control',
      {
        type: 'ApprovalRequested',
        time,
        data: {
          approval: 'apr_1',
          session,
          exchange: 'exc_1',
          target: 'shop',
          subject: subjectRecord(identityOf('alice').subject),
          people: ['test#alice'],
          run: null,
          binding: 'b',
          rule: 'test/hold',
          message: 'Ask first.',
          summary: '[]',
          shown_bytes: 1,
          approvers: ['dba'],
          quorum: 1,
          scope: 'once',
          expires_ms: time + 60_000,
        },
      },
      vote('ApprovalGranted', 'dave', time + 1_000),
      vote('ApprovalRejected', 'carol', time + 2_000),
      {
        type: 'ApprovalConsumed',
        time: time + 3_000,
        data: { approval: 'apr_1', session, exchange: 'exc_1', decision: 'dec_2' },
      },
    )
    await write(
      scripted,
      session,
      { ...decided(session, 'exc_1'), time: time + 3_000 },
      { ...completed(session, 'exc_1', 'done'), time: time + 4_000 },
    )
    const told = await steps(scripted, session)
    assert.deepEqual(
      told.map((step) =>
        step.step === 'approval'
          ? [step.what, step.by, step.reason, step.state, step.counted]
          : step.step === 'decision'
            ? step.effect
            : step.step,
      ),
      [
        'opened',
        'request',
        'hold',
        ['requested', 'test#alice', 'Ask first.', 'pending', true],
        ['granted', 'test#dave', 'dave says so', 'approved', true],
        ['rejected', 'test#carol', 'carol says so', 'approved', false],
        ['consumed', 'gateway', '', 'consumed', true],
        'allow',
        'answer',
        'completed',
      ],
    )
  })

  test('an alarm, a kill and a lost gateway', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    const alarm = {
      session,
      exchange: 'exc_1',
      decision: 'dec_1',
      subject: 'a',
      target: 'shop',
      alarm: 'x/y',
      actions: '[]',
    }
    const lost = { writer: 'test', epoch: 1, resumes: 0 }
    await write(
      scripted,
      'control',
      { type: 'AlarmRaised', data: alarm },
      { type: 'AlarmRaised', data: { ...alarm, session: 'ses_other' } },
      { type: 'SessionKilled', data: { session, by: 'test#grace', reason: 'runs wild' } },
      { type: 'GatewayLost', data: { ...lost, writer: 'another' } },
      { type: 'GatewayLost', data: lost },
    )
    assert.deepEqual(plain(await steps(scripted, session)).slice(1), [
      { step: 'alarm', exchange: 'exc_1', rules: 'x/y' },
      { step: 'killed', by: 'test#grace', reason: 'runs wild' },
      { step: 'lost' },
    ])
  })

  test('a gateway that is lost after the session has ended is not told', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    await scripted.engine.session(session)?.close('gone')
    await write(scripted, 'control', { type: 'GatewayLost', data: { writer: 'test', epoch: 1, resumes: 0 } })
    assert.equal((await steps(scripted, session)).at(-1)?.step, 'closed')
  })

  test('what a terminal would obey leaves escaped, and is the same value', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    const text = 'select 1 -- \u202e\u009b2J'
    await write(scripted, session, received(session, 'exc_1', text))
    const { body } = await get(scripted, session, 'erin')
    assert.doesNotMatch(body, /[\u202e\u009b]/)
    const [, request] = stepsIn(body)
    assert.deepEqual(request?.step === 'request' && request.statements, [{ text, parameters: [] }])
  })
})

suite('content that cannot be shown', () => {
  /** The content of each step that has some. */
  async function contents(scripted: ScriptedApi, session: string): Promise<readonly string[]> {
    const told = await steps(scripted, session)
    return told.flatMap((step) => ('content' in step ? [`${step.step} ${step.content}`] : []))
  }

  async function answered(scripted: ScriptedApi): Promise<string> {
    const session = await scripted.open('alice')
    await write(
      scripted,
      session,
      received(session, 'exc_1'),
      decided(session, 'exc_1'),
      chunk(session, 'exc_1', 0, 'secret'),
      completed(session, 'exc_1', 'secret', 1),
    )
    return session
  }

  test('erased content is said to be erased', async () => {
    const scripted = api({ unseal: async () => ({ kind: 'erased' }) })
    const session = await answered(scripted)
    assert.deepEqual(await contents(scripted, session), ['request erased', 'answer erased', 'answer missing'])
  })

  test('content that does not open is said to be unreadable', async () => {
    const scripted = api({ unseal: () => Promise.reject(new Error('bad tag')) })
    const session = await answered(scripted)
    const { body } = await get(scripted, session, 'erin')
    assert.doesNotMatch(body, /secret|bad tag/)
    assert.deepEqual(await contents(scripted, session), [
      'request unreadable',
      'answer unreadable',
      'answer missing',
    ])
  })

  test('a protocol without a reader shows nothing', async () => {
    const scripted = api({ recording: () => undefined })
    const session = await answered(scripted)
    assert.doesNotMatch((await get(scripted, session, 'erin')).body, /secret/)
    assert.equal((await contents(scripted, session))[0], 'request opaque')
  })

  test('an answer with a gap is read up to the gap', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    await write(
      scripted,
      session,
      received(session, 'exc_1'),
      chunk(session, 'exc_1', 0, 'one'),
      chunk(session, 'exc_1', 2, 'three'),
      chunk(session, 'exc_1', 3, 'four'),
      completed(session, 'exc_1', 'five', 4),
      received(session, 'exc_2'),
      completed(session, 'exc_2', 'five', 1),
    )
    assert.deepEqual(await contents(scripted, session), [
      'request shown',
      'answer shown',
      'answer missing',
      'answer missing',
      'answer missing',
      'request shown',
      'answer missing',
    ])
  })
})

suite('what nobody wrote', () => {
  async function forged(
    change: (event: RecordedEvent) => Partial<RecordedEvent>,
  ): Promise<readonly RecordingStep[]> {
    const store = new ScriptedStore()
    const read = store.read.bind(store)
    store.read = async function* (after) {
      for await (const event of read(after))
        yield event.id === 'evt_forged' ? ({ ...event, ...change(event) } as RecordedEvent) : event
    }
    let opened = 0
    const scripted = api({ unseal: async () => (opened++, { kind: 'none' }) }, store)
    const session = await scripted.open('alice')
    const event = { id: 'evt_forged', time: 1, ...received(session, 'exc_1', 'drop table customers') }
    await store.append({ stream: session, events: [event as NewEvent] })
    const told = await steps(scripted, session)
    assert.equal(opened, 0, 'nothing of it is opened')
    return told.slice(1)
  }

  for (const [why, change] of [
    ['another gateway wrote it', () => ({ writer: 'mallory' })],
    ['another gateway wrote it', () => ({ epoch: 2 })],
    ['it does not follow the event before it', () => ({ seq: 7 })],
    ['it names another session', ({ data }: RecordedEvent) => ({ data: { ...data, session: 'ses_other' } })],
  ] as const)
    test(`an event is shown as forged: ${why}`, async () => {
      const told = await forged(change as (event: RecordedEvent) => Partial<RecordedEvent>)
      assert.deepEqual(plain(told), [{ step: 'forged', type: 'RequestReceived', why }])
    })

  test('an event that this version does not know is named, and no more', async () => {
    const told = await forged(() => ({ type: 'Unknown', unknown: 'Later', data: Buffer.from('x') }) as never)
    assert.deepEqual(plain(told), [{ step: 'unknown', type: 'Later' }])
  })

  test('the same event once more is not told twice', async () => {
    const store = new ScriptedStore()
    const read = store.read.bind(store)
    store.read = async function* (after) {
      for await (const event of read(after)) yield* [event, event]
    }
    const scripted = api({}, store)
    const session = await scripted.open('alice')
    await write(scripted, 'control', {
      type: 'SessionKilled',
      data: { session, by: 'test#grace', reason: '' },
    })
    assert.deepEqual(
      (await steps(scripted, session)).map(({ step }) => step),
      ['opened', 'killed'],
    )
  })

  test('what no gateway signed in the control stream is no kill', async () => {
    const store = new ScriptedStore()
    const read = store.read.bind(store)
    store.read = async function* (after) {
      for await (const event of read(after)) yield { ...event, sig: null }
    }
    const scripted = api({}, store)
    const session = await scripted.open('alice')
    await write(scripted, 'control', { type: 'SessionKilled', data: { session, by: 'mallory', reason: '' } })
    assert.deepEqual(plain(await steps(scripted, session)).slice(1), [
      { step: 'forged', type: 'SessionKilled', why: 'no gateway signed it' },
    ])
  })
})

suite('who may read it', () => {
  test('an auditor every session, anybody else their own; each reading is in the log first', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    for (const token of ['erin', 'alice/2'])
      assert.equal((await get(scripted, session, token)).statusCode, 200)
    assert.deepEqual(
      (await events(scripted, 'AdminActed')).map(({ stream, data }) => {
        const { by, action, resource, outcome } = data as RecordedEvent['data'] & {
          readonly by: { readonly id: string }
          readonly action: string
          readonly resource: string
          readonly outcome: string
        }
        return [stream, by.id, action, resource, outcome]
      }),
      [
        ['control', 'test#erin', 'content.read', session, 'done'],
        ['control', 'test#alice', 'content.read', session, 'done'],
      ],
    )
  })

  for (const state of ['open', 'closed'])
    test(`somebody else's ${state} session answers like one that never was, also to admins and approvers`, async () => {
      const scripted = api()
      const session = await scripted.open('alice')
      if (state === 'closed') await scripted.engine.session(session)?.close('gone')
      for (const token of ['bob', 'dave', 'grace']) {
        const foreign = await get(scripted, session, token)
        assert.equal(foreign.statusCode, 404)
        assert.equal(foreign.body, (await get(scripted, 'ses_00000000000000000000000000', token)).body)
      }
      const outcomes = (await events(scripted, 'AdminActed')).map(
        ({ data }) => (data as { outcome: string }).outcome,
      )
      assert.deepEqual(outcomes, ['refused', 'refused', 'refused'])
    })

  test('without a token nothing is read', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    assert.equal((await scripted.app.inject(`/v1/sessions/${session}/recording`)).statusCode, 401)
    assert.deepEqual(await events(scripted, 'AdminActed'), [])
  })

  test('when the reading cannot be recorded, nothing is shown', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    scripted.store.failure = new StoreError('unavailable', 'the log is down')
    const answer = await get(scripted, session, 'erin')
    assert.equal(answer.statusCode, 503)
    assert.doesNotMatch(answer.body, /alice/)
  })
})

suite('a session that goes on', () => {
  async function following(scripted: ScriptedApi, session: string, token = 'erin') {
    const { app } = scripted
    if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
    const leaving = new AbortController()
    const response = await fetch(`${app.listeningOrigin}/v1/sessions/${session}/recording?follow=true`, {
      headers: bearer(token),
      signal: leaving.signal,
    })
    assert.equal(response.status, 200)
    assert.ok(response.body !== null)
    const lines = createInterface({ input: Readable.fromWeb(response.body) })[Symbol.asyncIterator]()
    return {
      leave: () => leaving.abort(),
      async next(): Promise<RecordingStep | null> {
        const { done, value } = await lines.next()
        return done === true ? null : (JSON.parse(value) as RecordingStep)
      },
    }
  }

  test('is followed in both streams until it is over', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    const follower = await following(scripted, session)
    assert.equal((await follower.next())?.step, 'opened')
    await write(scripted, session, received(session, 'exc_1'))
    assert.equal((await follower.next())?.step, 'request')
    await write(scripted, 'control', {
      type: 'SessionKilled',
      data: { session, by: 'test#grace', reason: '' },
    })
    assert.equal((await follower.next())?.step, 'killed')
    await scripted.engine.session(session)?.close('killed')
    assert.equal((await follower.next())?.step, 'closed')
    assert.equal(await follower.next(), null)
    await scripted.app.close()
  })

  test('is followed past its end until the outcome of what ran in it is there', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    await write(scripted, session, received(session, 'exc_1'), decided(session, 'exc_1'))
    const early = await following(scripted, session)
    for (const step of ['opened', 'request', 'decision']) assert.equal((await early.next())?.step, step)
    await scripted.engine.session(session)?.close('client')
    assert.equal((await early.next())?.step, 'closed')
    // Who comes now comes between the end and the outcome.
    const late = await following(scripted, session)
    for (const step of ['opened', 'request', 'decision', 'closed'])
      assert.equal((await late.next())?.step, step)
    await write(scripted, session, completed(session, 'exc_1', 'the last word'))
    for (const follower of [early, late]) {
      const answer = (await follower.next()) ?? assert.fail()
      assert.deepEqual(answer.step === 'answer' && answer.parts, [{ kind: 'status', text: 'the last word' }])
      assert.equal((await follower.next())?.step, 'completed')
      assert.equal(await follower.next(), null)
    }
    await scripted.app.close()
  })

  test('an outcome that has not come long after the end is not waited for', async () => {
    const scripted = api()
    const session = await scripted.open('alice')
    const end = { session, reason: 'client', requests: 1, denied: 0, rows: 0, bytes: 0 }
    await write(scripted, session, received(session, 'exc_1'), decided(session, 'exc_1'))
    await write(scripted, session, { type: 'SessionClosed', data: end, time: Date.now() - 60_000 })
    const follower = await following(scripted, session)
    for (const step of ['opened', 'request', 'decision', 'closed'])
      assert.equal((await follower.next())?.step, step)
    assert.equal(await follower.next(), null)
    await scripted.app.close()
  })

  test('what came before the end is told before it, however late the control stream is', async () => {
    const store = new ScriptedStore()
    const subscribe = store.subscribe.bind(store)
    let subscribed = 0
    // The second subscription is that of the control stream: it never gets there.
    store.subscribe = (after, signal) =>
      subscribe(++subscribed === 2 ? ('9999' as typeof after) : after, signal)
    const scripted = api({}, store)
    const session = await scripted.open('alice')
    const follower = await following(scripted, session)
    assert.equal((await follower.next())?.step, 'opened')
    await write(scripted, 'control', {
      type: 'SessionKilled',
      data: { session, by: 'test#grace', reason: '' },
    })
    await scripted.engine.session(session)?.close('killed')
    assert.equal((await follower.next())?.step, 'killed')
    assert.equal((await follower.next())?.step, 'closed')
    await scripted.app.close()
  })

  test('who leaves is left alone', async () => {
    const store = new ScriptedStore()
    const left = Promise.withResolvers<void>()
    const subscribe = store.subscribe.bind(store)
    store.subscribe = (after, signal) => {
      void once(signal, 'abort').then(() => left.resolve())
      return subscribe(after, signal)
    }
    const scripted = api({}, store)
    const session = await scripted.open('alice')
    const follower = await following(scripted, session)
    await follower.next()
    follower.leave()
    await left.promise
    await scripted.app.close()
  })

  test('nobody follows with a token that has expired', async () => {
    const authenticator = {
      authenticate: async (proof: Proof) => ({
        ...identityOf(tokenIn(proof)),
        expiresAt: Date.now() + (tokenIn(proof) === 'erin' ? 50 : 1e6),
      }),
    }
    const scripted = scriptedApi({ recording: plainly, authenticator })
    const session = await scripted.open('alice')
    const follower = await following(scripted, session)
    assert.equal((await follower.next())?.step, 'opened')
    assert.deepEqual(plain([(await follower.next()) ?? assert.fail()]), [
      { step: 'left', reason: 'the token has expired' },
    ])
    assert.equal(await follower.next(), null)
    await scripted.app.close()
  })
})
