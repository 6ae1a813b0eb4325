import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, type EventData } from '@sluice/core'
import type { ApprovalsWanted } from './approvals.ts'
import { openProjections, type Projections } from './projections.ts'
import { ScriptedLog } from './scripted.ts'

const person = (id: string) => ({ id, type: 'human', issuer: 'i', groups: ['dba'], on_behalf_of: null })

function asked(approval: string, who = 'i#alice', target = 'shop'): EventData['ApprovalRequested'] {
  return {
    approval,
    session: 'ses_1',
    exchange: 'exc_1',
    subject: person(who),
    people: [who, 'i#owner'],
    target,
    run: null,
    binding: 'aa',
    rule: 'r',
    message: 'm',
    summary: '[]',
    shown_bytes: 1,
    approvers: ['dba', 'leads'],
    quorum: 1,
    scope: 'once',
    expires_ms: 1_900_000_000_000,
  }
}

const control = { stream: 'control' }
const cancelled = (approval: string): EventData['ApprovalCancelled'] => ({ approval, by: 'x', reason: 'r' })

suite('approvals that ended', () => {
  let folder: string
  let log: ScriptedLog
  let running: Projections | undefined
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-approvals-'))
    log = new ScriptedLog()
  })
  afterEach(async () => {
    await running?.close()
    running = undefined
    await rm(folder, { recursive: true, force: true })
  })

  /** After a restart, once everything that is written is folded. */
  async function read(): Promise<Projections['approvals']> {
    await running?.close()
    const report = (what: string): never => assert.fail(what)
    running = openProjections({ store: log, clock: systemClock, file: join(folder, 'db'), report })
    const last = log.events.at(-1)?.time ?? 0
    while (running.status.foldedUpToMs < last) await new Promise((resolve) => setTimeout(resolve, 5))
    return running.approvals
  }

  async function found(wanted: Partial<ApprovalsWanted> = {}): Promise<readonly string[]> {
    const approvals = running?.approvals ?? (await read())
    return approvals.search({ concerning: null, last: 10, ...wanted }).map(({ view }) => view.id)
  }

  test('are told with the event that asked, sealed as it was, also after a restart', async () => {
    log.write(control, 'ApprovalRequested', asked('apr_1'))
    const event = log.events[0]
    assert.ok(event)
    log.events[0] = { ...event, sealed: new Uint8Array([1, 2, 255]), sig: new Uint8Array([7]) }
    assert.equal((await read()).get('apr_1'), undefined, 'it is live')
    log.write(control, 'ApprovalCancelled', cancelled('apr_1'))
    const record = (await read()).get('apr_1')
    assert.deepEqual([record?.view.state, record?.view.ended?.by], ['cancelled', 'x'])
    assert.deepEqual(
      [record?.request.id, record?.request.seq, record?.request.sealed, record?.request.type],
      [event.id, 0, Buffer.from([1, 2, 255]), 'ApprovalRequested'],
    )
  })

  test('are those of a gateway that was lost, with the time of that', async () => {
    log.write({ ...control, epoch: 1 }, 'ApprovalRequested', asked('apr_1'))
    log.write({ ...control, epoch: 2 }, 'ApprovalRequested', asked('apr_2'))
    log.write({ ...control, writer: 'gw_b' }, 'GatewayLost', { writer: 'gw_a', epoch: 1, resumes: 0 })
    log.write({ ...control, writer: 'gw_b' }, 'ApprovalCancelled', cancelled('apr_1'))
    assert.deepEqual(await found(), ['apr_1'])
    const view = (await read()).get('apr_1')?.view
    assert.deepEqual([view?.state, view?.ended?.time], ['expired', log.events[2]?.time])
  })

  test('are found by what is wanted, newest first', async () => {
    for (const [id, who, target] of [
      ['apr_1', 'i#alice', 'shop'],
      ['apr_2', 'i#bob', 'shop'],
      ['apr_3', 'i#alice', 'stock'],
    ] as const)
      log.write(control, 'ApprovalRequested', asked(id, who, target))
    for (const id of ['apr_1', 'apr_2', 'apr_3']) log.write(control, 'ApprovalCancelled', cancelled(id))
    assert.deepEqual(await found(), ['apr_3', 'apr_2', 'apr_1'])
    assert.deepEqual(await found({ last: 2 }), ['apr_3', 'apr_2'])
    assert.deepEqual(await found({ before: 'apr_2' }), ['apr_1'])
    assert.deepEqual(await found({ target: 'stock' }), ['apr_3'])
    assert.deepEqual(await found({ subject: 'i#alice' }), ['apr_3', 'apr_1'])
    assert.deepEqual(await found({ state: 'rejected' }), [])
    assert.deepEqual(await found({ since_ms: log.events[1]?.time }), ['apr_3', 'apr_2'])
    assert.deepEqual(await found({ until_ms: log.events[1]?.time }), ['apr_1'])
  })

  test('are narrowed to whom they concern', async () => {
    log.write(control, 'ApprovalRequested', asked('apr_1'))
    log.write(control, 'ApprovalCancelled', cancelled('apr_1'))
    const concerning = (who: string, ...groups: readonly string[]) =>
      found({ concerning: { person: who, groups } })
    for (const who of ['i#alice', 'i#owner']) assert.deepEqual(await concerning(who), ['apr_1'], who)
    assert.deepEqual(await concerning('i#carol', 'leads', 'dba'), ['apr_1'], 'once, by either group')
    assert.deepEqual(await concerning('i#carol', 'others'), [])
    assert.deepEqual(await concerning('dba'), [], 'a person of that name')
  })
})
