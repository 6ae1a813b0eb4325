import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { systemClock, workerLost, type EventData } from '@sluice/core'
import { FactsOfFile } from './facts-of-file.ts'
import { openProjections, type Projections } from './projections.ts'
import { ScriptedLog } from './scripted.ts'

const clock = { ...systemClock, now: () => 1_800_000_500_000 }
const subject = (id: string) => ({ id, type: 'human', issuer: 'i', groups: [], on_behalf_of: null })

function opened(session: string, who = 'i#alice'): EventData['SessionOpened'] {
  return {
    session,
    gateway: 'gw_a',
    target: 'shop',
    protocol: 'postgres',
    subject: subject(who),
    claims: '{}',
    labels: '{"data":"pii"}',
    token_id: 't',
    token_expires_ms: 9,
    client_ip: '::1',
    application: null,
  }
}
const received = (session: string, exchange: string): EventData['RequestReceived'] => ({
  session,
  exchange,
  actions:
    '[{"name":"sql.select","relations":[{"schema":"public","name":"customers"},{"schema":"public","name":"customers"}]}]',
  digest: 'd',
  bytes: 8,
})
const decided = (
  session: string,
  exchange: string,
  effect: 'allow' | 'deny' | 'hold',
): EventData['DecisionMade'] => ({
  session,
  exchange,
  decision: `dec_${exchange}`,
  effect,
  verdicts: '[]',
  rule: 'r',
  revision: 'v1',
  now_ms: 1,
  facts: '{}',
  approvals: '[]',
  grants: '[]',
})
const completed = (session: string, exchange: string, rows: number): EventData['ResponseCompleted'] => ({
  session,
  exchange,
  outcome: 'completed',
  status: null,
  rows,
  bytes: rows * 10,
  chunks: 0,
  micros: 5,
  usage: { model: 'm', input_tokens: 30, output_tokens: 12, cost_micros: 99, estimated: false },
  masked: [{ column: 'public.customers.email', method: 'partial', values: rows }],
})

suite('the read models', () => {
  let folder: string
  let reports: string[]
  let running: Projections | undefined
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-projections-'))
    reports = []
  })
  async function stop(): Promise<void> {
    await running?.close()
    running = undefined
  }
  afterEach(async () => {
    await stop()
    await rm(folder, { recursive: true, force: true })
  })

  const file = (): string => join(folder, 'projections.db')
  async function following(
    store: ScriptedLog,
    events = store.events.length,
    now = clock.now,
  ): Promise<Projections> {
    await running?.close()
    running = openProjections({
      store,
      clock: { ...clock, now },
      file: file(),
      keepMs: () => 50,
      report: (what) => reports.push(what),
    })
    await caughtUp(running, events)
    return running
  }

  async function caughtUp(of: Projections, events: number): Promise<void> {
    const last = 1_800_000_000_000 + (events - 1) * 1_000
    const until = performance.now() + 5_000
    while (of.status.foldedUpToMs < last && performance.now() < until) await setTimeout(5)
  }

  function written(): ScriptedLog {
    const log = new ScriptedLog()
    log.write({ stream: 'ses_1', run: 'run_1' }, 'SessionOpened', opened('ses_1'))
    log.write({ stream: 'ses_1', run: 'run_1' }, 'RequestReceived', received('ses_1', 'exc_1'))
    log.write({ stream: 'ses_1', run: 'run_1' }, 'DecisionMade', decided('ses_1', 'exc_1', 'allow'))
    log.write({ stream: 'ses_1', run: 'run_1' }, 'ResponseCompleted', completed('ses_1', 'exc_1', 7))
    log.write({ stream: 'ses_1', run: 'run_1' }, 'RequestReceived', received('ses_1', 'exc_2'))
    log.write({ stream: 'ses_1', run: 'run_1' }, 'DecisionMade', decided('ses_1', 'exc_2', 'deny'))
    return log
  }

  test('of a worker that was lost: its sessions are, and what ran or waited in them', async () => {
    const log = written()
    log.write({ stream: 'ses_1' }, 'RequestReceived', received('ses_1', 'exc_3'))
    log.write({ stream: 'ses_1' }, 'DecisionMade', decided('ses_1', 'exc_3', 'allow'))
    log.write({ stream: 'ses_1' }, 'RequestReceived', received('ses_1', 'exc_4'))
    log.write({ stream: 'ses_1' }, 'DecisionMade', decided('ses_1', 'exc_4', 'hold'))
    log.write({ stream: 'ses_2' }, 'SessionOpened', opened('ses_2'))
    const counts = { requests: 4, denied: 1, rows: 7, bytes: 70 }
    log.write({ stream: 'ses_1' }, 'SessionClosed', { session: 'ses_1', reason: workerLost, ...counts })
    const { sessions, exchanges } = await following(log)
    assert.deepEqual([sessions.get('ses_1')?.state, sessions.get('ses_2')?.state], ['lost', 'open'])
    assert.equal(sessions.get('ses_1')?.reason, 'worker lost')
    assert.deepEqual(
      exchanges.of('ses_1', 10).map(({ outcome }) => outcome),
      ['completed', 'refused', 'unknown', 'expired'],
    )
  })

  test('facts are read by another process as of the last transaction', async () => {
    const log = written()
    const { facts } = await following(log)
    const elsewhere = new FactsOfFile(file(), clock)
    const rows = () => elsewhere.of('subject', 'i#alice').rows
    const until = performance.now() + 5_000
    while (rows() < 7 && performance.now() < until) await setTimeout(5)
    assert.deepEqual(elsewhere.of('subject', 'i#alice'), facts.of('subject', 'i#alice'))
    assert.equal(elsewhere.of('run', 'another').requests, 0)
    log.write({ stream: 'ses_1', run: 'run_1' }, 'ResponseCompleted', completed('ses_1', 'exc_2', 5))
    while (rows() < 12 && performance.now() < until) await setTimeout(5)
    assert.equal(elsewhere.of('run', 'run_1').rows, 12)
    elsewhere[Symbol.dispose]()
  })

  test('tell who looks on of each exchange, as it is by then', async () => {
    const log = written()
    const models = await following(log, log.events.length, () => 1_800_000_010_000)
    const told: unknown[] = []
    const listening = models.exchanges.onChange((changed, skipped) =>
      told.push([
        changed.map(({ exchange, outcome, micros, subject }) => [exchange, outcome, micros, subject]),
        skipped,
      ]),
    )
    log.write({ stream: 'ses_1', run: 'run_1' }, 'RequestReceived', received('ses_1', 'exc_3'))
    log.write({ stream: 'ses_1', run: 'run_1' }, 'DecisionMade', decided('ses_1', 'exc_3', 'allow'))
    while (told.length === 0) await setTimeout(5)
    log.write({ stream: 'ses_1', run: 'run_1' }, 'ResponseCompleted', completed('ses_1', 'exc_3', 7))
    while (told.length === 1) await setTimeout(5)
    listening[Symbol.dispose]()
    log.write({ stream: 'ses_1', run: 'run_1' }, 'RequestReceived', received('ses_1', 'exc_4'))
    while (models.exchanges.of('ses_1', 9).length < 4) await setTimeout(5)
    const subject = opened('ses_1').subject.id
    assert.deepEqual(told, [
      [[['exc_3', 'running', null, subject]], 0],
      [[['exc_3', 'completed', completed('ses_1', 'exc_3', 7).micros, subject]], 0],
    ])
  })

  test('tell nobody of what is old when it is folded', async () => {
    const log = written()
    const models = await following(log)
    const told: unknown[] = []
    models.exchanges.onChange((changed) => told.push(changed))
    log.write({ stream: 'ses_1', run: 'run_1' }, 'RequestReceived', received('ses_1', 'exc_3'))
    while (models.exchanges.of('ses_1', 9).length < 3) await setTimeout(5)
    await setTimeout(50)
    assert.deepEqual(told, [])
  })

  test('show sessions, exchanges and facts', async () => {
    const { sessions, exchanges, facts } = await following(written())
    const [session] = sessions.list({ last: 10 })
    assert.deepEqual(
      [session?.id, session?.state, session?.requests, session?.denied, session?.rows, session?.run],
      ['ses_1', 'open', 2, 1, 7, 'run_1'],
    )
    assert.deepEqual([session?.tokens, session?.cost_micros], [42, 99])
    assert.deepEqual(
      exchanges
        .of('ses_1', 10)
        .map(({ exchange, summary, outcome, masked }) => [exchange, summary, outcome, masked]),
      [
        ['exc_1', 'sql.select public.customers', 'completed', 7],
        ['exc_2', 'sql.select public.customers', 'refused', 0],
      ],
    )
    const expected = {
      requests: 2,
      denied: 1,
      rows: 7,
      bytes: 70,
      tokens: 42,
      cost_micros: 99,
      classes: ['pii'],
      as_of_ms: 1_800_000_005_000,
    }
    assert.deepEqual({ ...facts.of('run', 'run_1') }, expected)
    assert.deepEqual({ ...facts.of('subject', 'i#alice') }, expected)
    assert.equal(facts.of('run', 'another').requests, 0)
  })

  test('count denials that were only counted, and list none of them', async () => {
    const log = written()
    log.write({ stream: 'ses_1', run: 'run_1' }, 'DenialsCounted', {
      session: 'ses_1',
      subject: 'i#alice',
      target: 'shop',
      decision: 'dec_9',
      requests: 900,
      denied: 800,
      from_ms: 1,
      until_ms: 2,
      rules: [{ rule: 'r', denied: 800 }],
    })
    const { sessions, exchanges, facts } = await following(log)
    const [session] = sessions.list({ last: 10 })
    const { requests, denied } = facts.of('subject', 'i#alice')
    assert.deepEqual([session?.requests, session?.denied, requests, denied], [902, 801, 902, 801])
    assert.equal(facts.of('run', 'run_1').denied, 801)
    assert.equal(exchanges.of('ses_1', 10).length, 2)
  })

  test('say what became of a gateway that was lost, whichever is read first', async () => {
    for (const order of ['before', 'after']) {
      const log = new ScriptedLog()
      const lost = (): void =>
        log.write({ stream: 'control', writer: 'gw_b' }, 'GatewayLost', {
          writer: 'gw_a',
          epoch: 1,
          resumes: 0,
        })
      if (order === 'before') lost()
      log.write({ stream: 'ses_1' }, 'SessionOpened', opened('ses_1'))
      log.write({ stream: 'ses_1' }, 'RequestReceived', received('ses_1', 'exc_1'))
      log.write({ stream: 'ses_1' }, 'DecisionMade', decided('ses_1', 'exc_1', 'allow'))
      log.write({ stream: 'ses_1' }, 'RequestReceived', received('ses_1', 'exc_2'))
      log.write({ stream: 'ses_1' }, 'DecisionMade', decided('ses_1', 'exc_2', 'hold'))
      log.write({ stream: 'ses_2', epoch: 2 }, 'SessionOpened', opened('ses_2'))
      if (order === 'after') lost()
      await rm(file(), { force: true })
      const { sessions, exchanges } = await following(log)
      assert.deepEqual(
        sessions.list({ last: 9 }).map(({ id, state }) => [id, state]),
        [
          ['ses_2', 'open'],
          ['ses_1', 'lost'],
        ],
      )
      assert.deepEqual(
        sessions.list({ last: 9, state: 'open' }).map(({ id }) => id),
        ['ses_2'],
      )
      assert.deepEqual(
        exchanges.of('ses_1', 9).map(({ outcome }) => outcome),
        ['unknown', 'expired'],
      )
    }
  })

  test('remember the run of a session that says it last and ends at once', async () => {
    const log = new ScriptedLog()
    log.write({ stream: 'ses_1' }, 'SessionOpened', opened('ses_1'))
    log.write({ stream: 'ses_1', run: 'run_1' }, 'RequestReceived', received('ses_1', 'exc_1'))
    const counts = { requests: 1, denied: 0, rows: 0, bytes: 0 }
    log.write({ stream: 'ses_1' }, 'SessionClosed', { session: 'ses_1', reason: 'x', ...counts })
    const { sessions } = await following(log)
    assert.equal(sessions.get('ses_1')?.run, 'run_1')
  })

  test('are the same however often the process ended, and whatever came twice', async () => {
    const step = fc.record({
      session: fc.integer({ min: 1, max: 3 }),
      what: fc.constantFrom('request', 'allow', 'deny', 'complete', 'close', 'restart'),
      repeats: fc.integer({ min: 0, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const log = new ScriptedLog()
        await rm(file(), { force: true })
        const latest = new Map<string, string>()
        for (const id of ['ses_1', 'ses_2', 'ses_3']) log.write({ stream: id }, 'SessionOpened', opened(id))
        for (const { session, what, repeats } of steps) {
          const id = `ses_${session}`
          const of = { stream: id, run: `run_${session % 2}` }
          const exchange = latest.get(id)
          if (what === 'request') {
            latest.set(id, `exc_${log.events.length}`)
            log.write(of, 'RequestReceived', received(id, `exc_${log.events.length}`))
          }
          if ((what === 'allow' || what === 'deny') && exchange !== undefined)
            log.write(of, 'DecisionMade', decided(id, exchange, what))
          if (what === 'complete' && exchange !== undefined) {
            latest.delete(id)
            log.write(of, 'ResponseCompleted', completed(id, exchange, 3))
          }
          if (what === 'close')
            log.write(of, 'SessionClosed', {
              session: id,
              reason: 'x',
              requests: 1,
              denied: 0,
              rows: 0,
              bytes: 0,
            })
          if (what !== 'restart' || log.events.length === 0) continue
          log.repeats = repeats
          await following(log)
        }
        if (log.events.length === 0) return
        await following(log)
        await stop()
        const incremental = dump(file())
        await rm(file(), { force: true })
        await following(log)
        await stop()
        assert.deepEqual(dump(file()), incremental)
      }),
      { numRuns: 20 },
    )
    assert.deepEqual(reports, [])
  })

  test('are read anew from the log when their file is damaged', async () => {
    await following(written())
    await stop()
    await writeFile(file(), 'no database')
    const { sessions } = await following(written())
    assert.equal(sessions.list({ last: 9 }).length, 1)
    assert.match(reports[0] ?? '', /is read from the log again/)
  })

  test('are read anew when they are of another log', async () => {
    await following(written())
    const other = new ScriptedLog()
    other.write({ stream: 'ses_9' }, 'SessionOpened', opened('ses_9', 'i#bob'))
    await stop()
    const { sessions, facts } = await following(other)
    await setTimeout(1_300)
    assert.deepEqual(
      sessions.list({ last: 9 }).map(({ id }) => id),
      ['ses_9'],
    )
    assert.equal(facts.of('subject', 'i#alice').rows, 0)
    assert.match(reports[0] ?? '', /are read from the log again/)
  })

  test('have the targets of every gateway, until each that registered one has removed it', async () => {
    const log = new ScriptedLog()
    const target = { protocol: 'postgres', address: 'a', settings: '{}', by: 'file', entry: null }
    const [a, b] = ['gw_a', 'gw_b'].map((writer) => ({ stream: 'control', writer }))
    assert.ok(a && b)
    log.write(a, 'TargetRegistered', { name: 'both', labels: '{"of":"a"}', ...target })
    log.write(a, 'TargetRegistered', { name: 'mine', labels: '{}', ...target })
    log.write(b, 'TargetRegistered', { name: 'both', labels: '{"of":"b"}', ...target })
    log.write(b, 'TargetRemoved', { name: 'mine', by: 'file' })
    const listed = async (): Promise<readonly (readonly string[])[]> =>
      (await following(log)).targets.list().map(({ name, labels }) => [name, labels])
    assert.deepEqual(await listed(), [
      ['both', '{"of":"b"}'],
      ['mine', '{}'],
    ])
    log.write(b, 'TargetRemoved', { name: 'both', by: 'file' })
    log.write(a, 'TargetRemoved', { name: 'mine', by: 'file' })
    assert.deepEqual(await listed(), [['both', '{"of":"a"}']])
  })

  test('have the targets that people added, whichever gateway adds and removes them', async () => {
    const log = new ScriptedLog()
    const data = { protocol: 'postgres', address: 'a', labels: '{}', settings: '{}', entry: '{}' }
    const [a, b] = ['gw_a', 'gw_b'].map((writer) => ({ stream: 'control', writer }))
    assert.ok(a && b)
    log.write(a, 'TargetRegistered', { name: 'build', ...data, by: 'idp#carol' })
    log.write(b, 'TargetRegistered', { name: 'build', ...data, by: 'idp#dave' })
    log.write(a, 'TargetRemoved', { name: 'build', by: 'file' })
    const listed = async (): Promise<readonly (readonly string[])[]> =>
      (await following(log)).targets.list().map(({ name, by }) => [name, by])
    assert.deepEqual(await listed(), [['build', 'idp#carol']])
    log.write(b, 'TargetRemoved', { name: 'build', by: 'idp#dave' })
    assert.deepEqual(await listed(), [])
  })

  test('take no word of control that nobody signed, or that a lost gateway gave', async () => {
    const log = new ScriptedLog()
    const target = {
      protocol: 'postgres',
      address: 'a',
      labels: '{}',
      settings: '{}',
      by: 'file',
      entry: null,
    }
    log.write({ stream: 'control' }, 'TargetRegistered', { name: 'mine', ...target })
    log.write({ stream: 'control', writer: 'gw_b' }, 'GatewayLost', { writer: 'gw_a', epoch: 1, resumes: 0 })
    log.write({ stream: 'control' }, 'TargetRegistered', { name: 'late', ...target })
    log.write({ stream: 'control', writer: 'gw_c' }, 'TargetRegistered', { name: 'forged', ...target })
    const forged = log.events.at(-1)
    assert.ok(forged)
    log.events[log.events.length - 1] = { ...forged, sig: null }
    const { targets } = await following(log)
    assert.deepEqual(
      targets.list().map(({ name }) => name),
      ['mine'],
    )
  })
})

function dump(file: string): unknown {
  const db = new DatabaseSync(file)
  const tables = ['sessions', 'exchanges', 'facts', 'fact_sessions', 'heads', 'targets']
  const content = tables.map((table) => db.prepare(`select * from ${table} order by 1, 2, 3`).all())
  db.close()
  return content
}
