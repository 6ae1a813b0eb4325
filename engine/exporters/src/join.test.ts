import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { join as pathOf } from 'node:path'
import { limits, type EventData, type RecordedEvent } from '@sluice/core'
import { Contexts } from './contexts.ts'
import type { ExportedEvent } from './exported.ts'
import { Join } from './join.ts'
import { Offsets, type Place } from './offsets.ts'
import { alice, conversation, exchange, scratchFolder, ScriptedLog } from './scripted.ts'

function joined(events: readonly RecordedEvent[]): readonly (ExportedEvent | null)[] {
  const joining = new Join(new Contexts({ get: () => undefined }))
  return events.map((event) => joining.take(event))
}

function place(event: RecordedEvent | undefined): Place {
  assert.ok(event !== undefined)
  const { position, time: timeMs } = event
  return { position, timeMs, events: 1, sinceMs: 0, fromMs: 0, deadLetters: 0 }
}

const approval: EventData['ApprovalRequested'] = {
  approval: 'apr_1',
  session: 'ses_a',
  exchange: 'exc_1',
  target: 'shop',
  subject: alice,
  people: [alice.id],
  run: null,
  binding: 'b',
  rule: 'starter/hold',
  message: 'm',
  summary: '[]',
  shown_bytes: 0,
  approvers: ['dba'],
  quorum: 1,
  scope: 'once',
  expires_ms: 1_800_000_900_000,
}
const vote = { voter: alice, people: [], token_id: 't', reason: '' }

suite('an event is joined with what its own stream said before', () => {
  test('the session, and of an exchange what was asked and decided', () => {
    const log = new ScriptedLog()
    conversation(log, 'a')
    const [opened, received, decided, completed, closed] = joined(log.events)
    assert.equal(opened?.session?.target, 'shop')
    assert.deepEqual(opened?.session?.labels, { env: 'prod' })
    assert.equal(opened?.exchange, null)
    assert.equal(received?.exchange?.decision, null)
    assert.equal(decided?.exchange?.decision?.rule, 'starter/read')
    assert.equal(completed?.exchange?.actions[0]?.name, 'sql.select')
    assert.equal(completed?.exchange?.decision?.event, log.events[2]?.id)
    assert.equal(closed?.session?.client_ip, '10.0.0.1')
  })

  test('a session speaks for the newest token', () => {
    const log = new ScriptedLog()
    conversation(log, 'a', 0, false)
    const subject = { ...alice, groups: ['pii-readers'] }
    const of = { session: 'ses_a', claims: '{}', token_id: 't2', token_expires_ms: 1 }
    log.write({ stream: 'ses_a' }, 'SessionExtended', { ...of, subject })
    exchange(log, 'ses_a', 'exc_1')
    assert.deepEqual(
      joined(log.events).map((each) => each?.session?.subject.groups),
      [['analysts'], ...Array.from({ length: 4 }, () => ['pii-readers'])],
    )
  })

  test('a vote knows what it is about, and takes nothing from other streams', () => {
    const log = new ScriptedLog()
    conversation(log, 'a', 0, false)
    log.write({ stream: 'control' }, 'ApprovalRequested', approval)
    log.write({ stream: 'control' }, 'ApprovalGranted', { ...vote, approval: 'apr_1' })
    log.write({ stream: 'control' }, 'ApprovalGranted', { ...vote, approval: 'apr_2' })
    const [, asked, voted, unknown] = joined(log.events)
    assert.equal(asked?.approval?.rule, 'starter/hold')
    assert.equal(voted?.approval?.target, 'shop')
    assert.deepEqual([voted?.session, voted?.exchange, unknown?.approval], [null, null, null])
  })

  test('what a gateway wrote and is not JSON stops nothing', () => {
    const log = new ScriptedLog()
    const [session, id] = ['ses_a', 'exc_1']
    log.write({ stream: session }, 'RequestReceived', {
      session,
      exchange: id,
      actions: '[',
      digest: '',
      bytes: 0,
    })
    assert.deepEqual(joined(log.events)[0]?.exchange?.actions, [])
  })
})

suite('what is nobody’s word is not exported', () => {
  test('a vote that no gateway signed', () => {
    const log = new ScriptedLog()
    log.write({ stream: 'control', signed: false }, 'ApprovalGranted', { ...vote, approval: 'apr_1' })
    assert.deepEqual(joined(log.events), [null])
  })

  test('what a gateway says in control after it was declared lost', () => {
    const log = new ScriptedLog()
    const killed = { session: 'ses_a', by: 'x', reason: '' }
    log.write({ stream: 'control', writer: 'gw_b' }, 'SessionKilled', killed)
    log.write({ stream: 'control', writer: 'gw_a' }, 'GatewayLost', { writer: 'gw_b', epoch: 1, resumes: 0 })
    log.write({ stream: 'control', writer: 'gw_b' }, 'SessionKilled', killed)
    assert.deepEqual(
      joined(log.events).map((each) => each !== null),
      [true, true, false],
    )
  })
})

suite('a restart changes nothing', () => {
  function mixed(): ScriptedLog {
    const log = new ScriptedLog()
    conversation(log, 'long', 2, false)
    log.write({ stream: 'control' }, 'ApprovalRequested', approval)
    conversation(log, 'short', 3)
    exchange(log, 'ses_long', 'exc_late')
    exchange(log, 'ses_long', 'exc_denied', 'deny')
    log.write({ stream: 'control' }, 'GatewayLost', { writer: 'gw_b', epoch: 1, resumes: 0 })
    log.write({ stream: 'control' }, 'ApprovalGranted', { ...vote, approval: 'apr_1' })
    log.write({ stream: 'control', writer: 'gw_b' }, 'SessionKilled', {
      session: 'ses_long',
      by: 'x',
      reason: '',
    })
    return log
  }

  test('wherever it falls', () => {
    using folder = scratchFolder()
    const { events } = mixed()
    const whole = joined(events)
    for (let cut = 1; cut < events.length; cut++) {
      const file = pathOf(folder.path, `${cut}.db`)
      const before = new Offsets(file, assert.fail)
      const contexts = new Contexts(before)
      const first = new Join(contexts)
      const one = events.slice(0, cut).map((event) => first.take(event))
      before.commit(place(events[cut - 1]), contexts.changes)
      before.close()
      const after = new Offsets(file, assert.fail)
      const second = new Join(new Contexts(after))
      const other = events.slice(cut).map((event) => second.take(event))
      after.close()
      assert.deepEqual([...one, ...other], whole, `cut before event ${cut}`)
    }
  })
})

suite('little is remembered', () => {
  /** What is on disk after these events, a while later. */
  function left(log: ScriptedLog, keys: readonly string[]): readonly boolean[] {
    const offsets = new Offsets('', assert.fail)
    const contexts = new Contexts(offsets)
    const joining = new Join(contexts)
    for (const event of log.events) joining.take(event)
    const last = place(log.events.at(-1))
    offsets.commit(last, contexts.changes)
    contexts.settle()
    const before = keys.map((key) => offsets.get(key) !== undefined)
    assert.deepEqual(
      before,
      keys.map(() => true),
      'what comes late still finds it',
    )
    offsets.commit({ ...last, timeMs: last.timeMs + limits.exportLateMs + 1_000 }, contexts.changes)
    const found = keys.map((key) => offsets.get(key) !== undefined)
    offsets.close()
    return found
  }

  test('a session that is over is forgotten a while later, with what it left open', () => {
    const log = new ScriptedLog()
    conversation(log, 'open', 0, false)
    conversation(log, 'over', 0, false)
    const of = { session: 'ses_over', actions: '[]', digest: '', bytes: 0 }
    log.write({ stream: 'ses_over' }, 'RequestReceived', { ...of, exchange: 'exc_left' })
    const counts = { requests: 1, denied: 0, rows: 0, bytes: 0 }
    log.write({ stream: 'ses_over' }, 'SessionClosed', { session: 'ses_over', reason: 'gone', ...counts })
    assert.deepEqual(left(log, ['session/ses_open', 'session/ses_over', 'exchange/exc_left']), [
      true,
      false,
      false,
    ])
  })

  test('so are those of a gateway that was lost', () => {
    const log = new ScriptedLog()
    conversation(log, 'a', 0, false)
    log.write({ stream: 'control', writer: 'gw_b' }, 'GatewayLost', { writer: 'gw_a', epoch: 1, resumes: 0 })
    assert.deepEqual(left(log, ['session/ses_a']), [false])
  })

  test('an exchange that is done is forgotten at once', () => {
    const log = new ScriptedLog()
    conversation(log, 'a', 3, false)
    exchange(log, 'ses_a', 'exc_denied', 'deny')
    const contexts = new Contexts({ get: () => undefined })
    const joining = new Join(contexts)
    for (const event of log.events) joining.take(event)
    const kept = [...contexts.changes.kept].filter(([, value]) => value !== null).map(([key]) => key)
    assert.deepEqual(kept, ['session/ses_a'])
  })
})
