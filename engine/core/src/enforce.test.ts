import { setImmediate as turn } from 'node:timers/promises'
import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Admission, Outcome } from './adapter.ts'
import { refusal, Refused, type Refusal } from './errors.ts'
import { OrderedLane } from './lane.ts'
import { limits } from './limits.ts'
import { digest } from './permit.ts'
import { StoreError } from './ports.ts'
import {
  allow,
  denied,
  logDown,
  pieces,
  scriptedContext,
  scriptedExchange,
  ScriptedLog,
  unvouched,
  type Wire,
} from './scripted.ts'
import type { Verdict } from './verdict.ts'

function wireOf(): Wire {
  return { upstream: [], client: [] }
}

async function outcomes(admissions: readonly Admission[]): Promise<readonly Outcome['outcome'][]> {
  return (await Promise.all(admissions.map((admission) => admission.done))).map(({ outcome }) => outcome)
}

test('nothing goes upstream before the decision is durable', async () => {
  const log = new ScriptedLog()
  log.manual = true
  const wire = wireOf()
  const lane = new OrderedLane(scriptedContext(log))
  const admissions = lane.submit([scriptedExchange(wire, 'select')], false)
  await turn()
  assert.deepEqual(wire, { upstream: [], client: [] })
  log.waiting.shift()?.()
  await admissions[0]?.admitted
  assert.deepEqual(wire.upstream, ['select'])
  assert.deepEqual(log.types(), ['RequestReceived', 'DecisionMade'])
  await turn()
  while (log.waiting.length > 0) log.waiting.shift()?.()
  assert.deepEqual(await outcomes(admissions), ['completed'])
  assert.deepEqual(log.types(), ['RequestReceived', 'DecisionMade', 'ResponseCompleted'])
})

test('a denied exchange takes its place with the refusal, and the next one runs', async () => {
  const log = new ScriptedLog()
  const wire = wireOf()
  const lane = new OrderedLane(scriptedContext(log, { drop: denied }))
  const batch = ['a', 'drop', 'b'].map((name) => scriptedExchange(wire, name))
  assert.deepEqual(await outcomes(lane.submit(batch, false)), ['completed', 'refused', 'completed'])
  assert.deepEqual(wire.upstream, ['a', 'poison', 'b'])
  assert.deepEqual(wire.client, ['a done', 'denied before', 'b done'])
})

test('in an atomic batch what follows a refusal is skipped, received and abandoned', async () => {
  const log = new ScriptedLog()
  const wire = wireOf()
  const lane = new OrderedLane(scriptedContext(log, { drop: denied }))
  const batch = ['a', 'drop', 'b'].map((name) => scriptedExchange(wire, name))
  assert.deepEqual(await outcomes(lane.submit(batch, true)), ['completed', 'refused', 'skipped'])
  assert.deepEqual(wire.upstream, ['a', 'poison'])
  assert.equal(log.types().filter((type) => type === 'ExchangeAbandoned').length, 1)
})

test('with the log down everything is refused, and served again when it is back', async () => {
  const log = new ScriptedLog()
  log.failure = logDown
  const wire = wireOf()
  const lane = new OrderedLane(scriptedContext(log))
  assert.deepEqual(await outcomes(lane.submit([scriptedExchange(wire, 'a')], false)), ['refused'])
  assert.deepEqual(wire, { upstream: ['poison'], client: ['log_unavailable before'] })
  log.failure = undefined
  assert.deepEqual(await outcomes(lane.submit([scriptedExchange(wire, 'b')], false)), ['completed'])
})

test('a decision that may land late is followed by ExchangeAbandoned', async () => {
  const log = new ScriptedLog()
  const late = new StoreError('deadline', 'too slow')
  const context = scriptedContext(log)
  let first = true
  const lane = new OrderedLane({
    ...context,
    append: (bodies, urgency) => {
      if (!first) return context.append(bodies, urgency)
      first = false
      log.bodies.push(...bodies)
      return Promise.reject(late)
    },
  })
  const wire = wireOf()
  assert.deepEqual(await outcomes(lane.submit([scriptedExchange(wire, 'a')], false)), ['refused'])
  assert.deepEqual(log.types(), ['RequestReceived', 'DecisionMade', 'ExchangeAbandoned'])
  assert.deepEqual(wire.upstream, ['poison'])
})

suite('what leaves nothing behind', () => {
  const early = { overlaps: true }

  test('is under way while its decision becomes durable, and its answer waits for that', async () => {
    const log = new ScriptedLog()
    log.manual = true
    const wire = wireOf()
    const lane = new OrderedLane(scriptedContext(log))
    const admissions = lane.submit([scriptedExchange(wire, 'select', ['one', 'two'], early)], false)
    await admissions[0]?.admitted
    await turn()
    assert.deepEqual(wire, { upstream: ['select'], client: [] })
    assert.deepEqual(log.types(), [])
    log.waiting.shift()?.()
    log.manual = false
    assert.deepEqual(await outcomes(admissions), ['completed'])
    assert.deepEqual(wire.client, ['one', 'two'])
    assert.deepEqual(log.types(), ['RequestReceived', 'DecisionMade', 'ResponseCompleted'])
  })

  test('waits itself beside something that does not', async () => {
    const log = new ScriptedLog()
    log.manual = true
    const wire = wireOf()
    const lane = new OrderedLane(scriptedContext(log))
    const batch = [scriptedExchange(wire, 'select', [], early), scriptedExchange(wire, 'insert')]
    void lane.submit(batch, false)
    await turn()
    assert.deepEqual(wire.upstream, [])
    log.waiting.shift()?.()
    await turn()
    assert.deepEqual(wire.upstream, ['select', 'insert'])
  })

  for (const [why, verdict] of [
    ['is denied', denied],
    ['waits for people', { ...allow, effect: 'hold' as const }],
    ['raises an alarm', { ...allow, labels: { alarm: 'told' } }],
  ] as const)
    test(`does not leave before that when it ${why}`, async () => {
      const log = new ScriptedLog()
      log.manual = true
      const wire = wireOf()
      const lane = new OrderedLane(scriptedContext(log, { select: verdict }))
      void lane.submit([scriptedExchange(wire, 'select', [], early)], false)
      await turn()
      assert.deepEqual(wire.upstream, [])
    })

  test('does not leave at all while the log is known to take nothing', async () => {
    const log = new ScriptedLog()
    log.failure = logDown
    const wire = wireOf()
    const lane = new OrderedLane(scriptedContext(log))
    const admissions = lane.submit([scriptedExchange(wire, 'select', [], early)], false)
    assert.deepEqual(await outcomes(admissions), ['refused'])
    assert.deepEqual(wire, { upstream: ['poison'], client: ['log_unavailable before'] })
  })

  test('is abandoned and its answer withheld when the log does not take the decision in time', async () => {
    const log = new ScriptedLog()
    const context = scriptedContext(log)
    const decision = Promise.withResolvers<unknown>()
    let first = true
    const lane = new OrderedLane({
      ...context,
      append: (bodies, urgency) => {
        if (!first) return context.append(bodies, urgency)
        first = false
        log.bodies.push(...bodies)
        return decision.promise
      },
    })
    const wire = wireOf()
    const told: string[] = []
    const exchange = scriptedExchange(wire, 'select', ['secret'], {
      ...early,
      refuse: (reason, at) => {
        told.push(reason.message)
        return pieces([`${reason.code} ${at}`])
      },
    })
    const admissions = lane.submit([exchange], false)
    await admissions[0]?.admitted
    decision.reject(new StoreError('deadline', 'too slow'))
    assert.deepEqual(await outcomes(admissions), ['cut'])
    assert.deepEqual(wire, { upstream: ['select'], client: ['log_unavailable during'] })
    assert.match(told[0] ?? '', /its answer is withheld/)
    assert.deepEqual(log.types(), ['RequestReceived', 'DecisionMade', 'ExchangeAbandoned'])
    const after = lane.submit([scriptedExchange(wire, 'next')], false)
    assert.deepEqual(await outcomes(after), ['completed'])
  })

  test('ends the session when the decisions of several do not arrive', async () => {
    const log = new ScriptedLog()
    const ended: Refusal[] = []
    const context = scriptedContext(log, {}, ended)
    const late = new StoreError('deadline', 'too slow')
    const lane = new OrderedLane({ ...context, append: () => Promise.reject(late) })
    const wire = wireOf()
    const batch = ['a', 'b'].map((name) => scriptedExchange(wire, name, ['secret'], early))
    assert.deepEqual(await outcomes(lane.submit(batch, true)), ['cut', 'cut'])
    assert.deepEqual(wire, { upstream: ['a', 'b'], client: [] })
    assert.deepEqual([...new Set(ended.map(({ code }) => code))], ['log_unavailable'])
  })

  test('shows nothing when the lease has lapsed before the decision was durable', async () => {
    const log = new ScriptedLog()
    log.manual = true
    let leased = true
    const wire = wireOf()
    const lane = new OrderedLane({ ...scriptedContext(log), live: () => leased })
    const admissions = lane.submit([scriptedExchange(wire, 'select', ['secret'], early)], false)
    await admissions[0]?.admitted
    leased = false
    log.waiting.shift()?.()
    log.manual = false
    assert.deepEqual(await outcomes(admissions), ['cut'])
    assert.deepEqual(wire.client, ['log_unavailable during'])
    assert.deepEqual(log.types(), ['RequestReceived', 'DecisionMade', 'ExchangeAbandoned'])
  })

  test('keeps the order of the lane with what comes before and behind it', async () => {
    const log = new ScriptedLog()
    log.manual = true
    const wire = wireOf()
    const lane = new OrderedLane(scriptedContext(log))
    const one = lane.submit([scriptedExchange(wire, 'insert')], false)
    const two = lane.submit([scriptedExchange(wire, 'select', undefined, early)], false)
    await turn()
    assert.deepEqual(wire.upstream, [])
    log.manual = false
    log.waiting.shift()?.()
    assert.deepEqual(await outcomes([...one, ...two]), ['completed', 'completed'])
    assert.deepEqual(wire.upstream, ['insert', 'select'])
    assert.deepEqual(wire.client, ['insert done', 'select done'])
  })
})

test('the policy engine failing is a refusal', async () => {
  const wire = wireOf()
  const broken = Promise.reject(new Error('boom'))
  const lane = new OrderedLane(scriptedContext(new ScriptedLog(), { a: broken }))
  assert.deepEqual(await outcomes(lane.submit([scriptedExchange(wire, 'a')], false)), ['refused'])
  assert.deepEqual(wire.client, ['internal before'])
})

test('an objection of the adapter, and an obligation it cannot fulfil, are refusals', async () => {
  const wire = wireOf()
  const lane = new OrderedLane(scriptedContext(new ScriptedLog()))
  const objecting = scriptedExchange(wire, 'a', [], { objection: unvouched })
  const unable = scriptedExchange(wire, 'b', [], { oblige: () => ({ kind: 'refused', refusal: unvouched }) })
  const throwing = scriptedExchange(wire, 'c', [], {
    oblige: () => {
      throw new Error('no catalogue')
    },
  })
  assert.deepEqual(await outcomes(lane.submit([objecting, unable, throwing], false)), [
    'refused',
    'refused',
    'refused',
  ])
  assert.deepEqual(wire.upstream, ['poison', 'poison', 'poison'])
})

test('of several actions the worst verdict counts for all', async () => {
  const wire = wireOf()
  const hold = { ...allow, effect: 'hold' as const }
  const both = (first: string, second: string): Parameters<OrderedLane['submit']>[0][number] =>
    scriptedExchange(wire, `${first};${second}`, [], {
      actions: [
        { name: first, kind: first, read_only: true },
        { name: second, kind: second, read_only: true },
      ],
    })
  const lane = new OrderedLane(scriptedContext(new ScriptedLog(), { drop: denied, update: hold }))
  const batch = [both('select', 'select'), both('select', 'drop'), both('update', 'select')]
  assert.deepEqual(await outcomes(lane.submit(batch, false)), ['completed', 'refused', 'refused'])
})

test('a mask that throws cuts the answer and ends nothing else', async () => {
  const wire = wireOf()
  const log = new ScriptedLog()
  const lane = new OrderedLane(scriptedContext(log))
  const cut = scriptedExchange(wire, 'a', ['x'], {
    mask: () => {
      throw new Refused(refusal('denied', 'adapter/origin', 'Unknown origin.'))
    },
  })
  assert.deepEqual(await outcomes(lane.submit([cut, scriptedExchange(wire, 'b')], false)), [
    'cut',
    'completed',
  ])
  assert.deepEqual(wire.client, ['denied during', 'b done'])
})

test('a row limit cuts the answer before the row beyond it', async () => {
  const wire = wireOf()
  const limited = { ...allow, limits: { rows: 2, bytes: null, timeout_ms: null } }
  const lane = new OrderedLane(scriptedContext(new ScriptedLog(), { a: limited }))
  const exchange = scriptedExchange(wire, 'a', ['1', '2', '3', '4'])
  assert.deepEqual(await outcomes(lane.submit([exchange], false)), ['cut'])
  assert.deepEqual(wire.client, ['1', '2', 'too_large during'])
})

test('a cancel before the ack withdraws the exchange: it never runs', async () => {
  const log = new ScriptedLog()
  log.manual = true
  const wire = wireOf()
  const lane = new OrderedLane(scriptedContext(log))
  const admissions = lane.submit([scriptedExchange(wire, 'delete')], false)
  await turn()
  lane.cancel()
  log.manual = false
  log.waiting.shift()?.()
  assert.deepEqual(await outcomes(admissions), ['refused'])
  assert.deepEqual(wire, { upstream: ['poison'], client: ['cancelled before'] })
  assert.deepEqual(log.types(), ['RequestReceived', 'DecisionMade', 'ExchangeAbandoned'])
})

test('answers keep the order of the lane, however slow the first is', async () => {
  const wire = wireOf()
  const lane = new OrderedLane(scriptedContext(new ScriptedLog()))
  const gate = Promise.withResolvers<void>()
  async function* slow(): AsyncGenerator<string> {
    await gate.promise
    yield* pieces(['slow'])
  }
  const first = scriptedExchange(wire, 'a', [], {
    forward: (permit) => {
      permit.spend(Buffer.from('a'))
      wire.upstream.push('a')
      return slow()
    },
  })
  const admissions = [...lane.submit([first], false), ...lane.submit([scriptedExchange(wire, 'b')], false)]
  await Promise.all(admissions.map((admission) => admission.admitted))
  assert.deepEqual(wire, { upstream: ['a', 'b'], client: [] })
  assert.equal(lane.pending, 2)
  gate.resolve()
  await outcomes(admissions)
  assert.deepEqual(wire.client, ['slow', 'b done'])
  assert.equal(lane.pending, 0)
})

test('an adapter that forwards other bytes than were judged is stopped', async () => {
  const wire = wireOf()
  const lane = new OrderedLane(scriptedContext(new ScriptedLog()))
  const swapped = scriptedExchange(wire, 'a', ['x'], {
    forward: (permit) => {
      permit.spend(Buffer.from('b'))
      return pieces(['x'])
    },
  })
  assert.deepEqual(await outcomes(lane.submit([swapped], false)), ['cut'])
  assert.deepEqual(wire.client, ['internal during'])
})

test('a long answer is captured in chunks, and a capture that the log refuses cuts it and ends the session', async () => {
  const log = new ScriptedLog()
  const wire = wireOf()
  const ended: Refusal[] = []
  const piece = 'x'.repeat(limits.sealedBytesMax / 2)
  const lane = new OrderedLane(scriptedContext(log, {}, ended))
  await outcomes(lane.submit([scriptedExchange(wire, 'a', [piece, piece, piece])], false))
  const chunks = log.bodies.filter((body) => body.type === 'RecordingChunk')
  assert.equal(chunks.length, 1)
  const sealed = [...chunks, ...log.bodies.filter((body) => body.type === 'ResponseCompleted')]
  assert.equal(sealed.map((body) => Buffer.from(body.sealed ?? []).toString()).join(''), piece.repeat(3))

  const endless = async function* (): AsyncGenerator<string> {
    for (;;) {
      yield await Promise.resolve(piece)
      log.failure = logDown
    }
  }
  const cut = scriptedExchange(wire, 'b', [], {
    forward: (permit) => {
      permit.spend(Buffer.from('b'))
      return endless()
    },
  })
  assert.deepEqual(await outcomes(lane.submit([cut], false)), ['cut'])
})

test('what somebody may be looking on at is in the record in time, also when nothing more comes', async () => {
  const log = new ScriptedLog()
  const timers = new Map<() => void, number>()
  const context = scriptedContext(log)
  const lane = new OrderedLane({
    ...context,
    after: (ms, callback) => {
      timers.set(callback, ms)
      return { [Symbol.dispose]: () => void timers.delete(callback) }
    },
  })
  const silence = Promise.withResolvers<void>()
  const wire = wireOf()
  const exchange = scriptedExchange(wire, 'a', [], {
    mask: async function* () {
      yield { item: 'one', record: Buffer.from('one'), rows: 0, masked: [], flush: 'soon' }
      yield { item: 'two', record: Buffer.from('two'), rows: 0, masked: [], flush: 'soon' }
      await silence.promise
      yield { item: 'three', record: Buffer.from('three'), rows: 0, masked: [], flush: 'soon' }
    },
  })
  const done = outcomes(lane.submit([exchange], false))
  while (wire.client.length < 2) await new Promise(setImmediate)
  const recorded = (): readonly string[] =>
    log.bodies.flatMap(({ type, sealed }) =>
      type === 'RequestReceived' ? [] : [`${type} ${Buffer.from(sealed ?? []).toString()}`],
    )
  assert.deepEqual([...timers.values()], [limits.recordLiveMs])
  for (const late of timers.keys()) late()
  timers.clear()
  assert.deepEqual(recorded().slice(1), ['RecordingChunk onetwo'])
  silence.resolve()
  assert.deepEqual(await done, ['completed'])
  assert.deepEqual(recorded().slice(2), ['ResponseCompleted three'])
  assert.equal(timers.size, 0, 'nothing is left to leave')
})

test('a secret is forwarded and not recorded, nor anything by which it could be guessed', async () => {
  for (const verdict of [allow, denied]) {
    const log = new ScriptedLog()
    const wire = wireOf()
    const recordable = Buffer.from('set [redacted]')
    const exchange = scriptedExchange(wire, 'set hunter2', ['done'], { recordable })
    await outcomes(
      new OrderedLane(scriptedContext(log, { 'set hunter2': verdict })).submit([exchange], false),
    )
    assert.deepEqual(wire.upstream, [verdict === allow ? 'set hunter2' : 'poison'])
    const [received] = log.bodies
    assert.ok(received?.type === 'RequestReceived')
    assert.deepEqual(received.sealed, recordable)
    assert.equal(received.data.digest, digest(recordable))
    assert.equal(received.data.bytes, recordable.length)
  }
})

test('a token is in no name and in no reason that is recorded', async () => {
  const token = ['ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'].join('')
  const quoting: Verdict = {
    ...denied,
    reasons: [{ rule: 'test/quote', message: `not ${token}`, remedy: '' }],
  }
  const log = new ScriptedLog()
  const exchange = scriptedExchange(wireOf(), token, ['done'], { recordable: Buffer.from('[redacted]') })
  await outcomes(new OrderedLane(scriptedContext(log, { [token]: quoting })).submit([exchange], false))
  assert.deepEqual(log.types(), ['RequestReceived', 'DecisionMade'])
  assert.ok(!JSON.stringify(log.bodies).includes(token))
})
