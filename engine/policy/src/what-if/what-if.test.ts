import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { EventData, EventType, Position, RecordedEvent, Verdict } from '@sluice/core'
import { openBundle, type Bundle } from '../bundle.ts'
import { Compiler, type Sources } from '../compiler.ts'
import { EndlessPolicyError } from './crew.ts'
import { whatIf, type WhatIfReport } from './what-if.ts'

const compiler = await Compiler.open(null)
after(() => compiler[Symbol.asyncDispose]())

const readers = `package sluice.rules.a

allow contains {"rule": "a/read"} if input.action.kind == "select"

mask contains {"relation": "public.people", "column": "iban", "method": "last4", "rule": "a/iban"} if {
	not "clear" in input.subject.groups
}
`

function bundleOf(source: string, data: Sources['data'] = {}): Promise<Bundle> {
  return openBundle({ files: { 'a.rego': source }, data }, null, {
    build: (files) => compiler.build(files),
  })
}

/** A log that a test writes. */
class Script {
  readonly events: RecordedEvent[] = []

  write<T extends EventType>(type: T, data: EventData[T], time = 1_000): this {
    const at = this.events.length
    const bytes = new Uint8Array(32)
    const envelope = { id: `evt_${at}`, stream: 'ses_1', seq: at, writer: 'gw', epoch: 1, time, schema: 1 }
    const rest = { trace_id: null, run_id: 'run_1', prev_hash: bytes, hash: bytes, sig: null, sealed: null }
    this.events.push({ ...envelope, ...rest, type, data, position: `${at}` as Position } as RecordedEvent)
    return this
  }

  opened(session = 'ses_1', groups: readonly string[] = ['staff']): this {
    const subject = { id: 'i#alice', type: 'human', issuer: 'i', groups, on_behalf_of: null }
    const token = { claims: '{}', token_id: 't', token_expires_ms: 9 }
    const client = { client_ip: '::1', application: null }
    const where = { gateway: 'gw', target: 'shop', protocol: 'postgres', labels: '{}' }
    return this.write('SessionOpened', { session, subject, ...token, ...client, ...where })
  }

  asked(exchange: string, kind = 'select', session = 'ses_1'): this {
    const action = {
      name: `sql.${kind}`,
      kind,
      read_only: kind === 'select',
      template_hash: `hash of ${kind}`,
    }
    const relations = [{ schema: 'public', name: 'people', access: 'read', columns: ['*'] }]
    const actions = JSON.stringify([{ ...action, relations }])
    return this.write('RequestReceived', { session, exchange, actions, digest: 'd', bytes: 1 })
  }

  commanded(exchange: string): this {
    const actions = JSON.stringify([{ name: 'ssh.exec', kind: 'exec', read_only: true, login: 'app' }])
    return this.write('RequestReceived', { session: 'ses_1', exchange, actions, digest: 'd', bytes: 1 })
  }

  fetched(exchange: string, route: string): this {
    const action = { name: 'http.get', kind: 'get', read_only: true, route, template_hash: route }
    const actions = JSON.stringify([action])
    return this.write('RequestReceived', { session: 'ses_1', exchange, actions, digest: 'd', bytes: 1 })
  }

  decided(
    exchange: string,
    verdict: Verdict,
    more: Partial<EventData['DecisionMade']> = {},
    time?: number,
  ): this {
    const data = { session: 'ses_1', exchange, decision: `dec_${exchange}`, effect: verdict.effect }
    const rule = verdict.reasons[0]?.rule ?? ''
    const facts = JSON.stringify({ requests: 0, denied: 0, rows: 0, bytes: 0, in_flight: 1 })
    const judged = { verdicts: JSON.stringify([verdict]), rule, revision: 'before', now_ms: 1_000, facts }
    return this.write('DecisionMade', { ...data, ...judged, approvals: '[]', grants: '[]', ...more }, time)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordedEvent> {
    yield* this.events
  }
}

const none = { rows: null, bytes: null, timeout_ms: null }
const iban = { relation: 'public.people', column: 'iban', method: 'last4', rule: 'a/iban' } as const
const allowed: Verdict = {
  effect: 'allow',
  reasons: [{ rule: 'a/read', message: '', remedy: '' }],
  mask: [iban],
  limits: none,
  approval: null,
  labels: {},
}
const noAllow = { rule: 'sluice/no_allow', message: 'No rule allows this.', remedy: '' }
const denied: Verdict = { ...allowed, effect: 'deny', reasons: [noAllow], mask: [] }

const everything = { sinceMs: 0, untilMs: Infinity, threads: 2 }

async function judged(log: Script, source: string, options = {}): Promise<WhatIfReport> {
  return whatIf(log, await bundleOf(source), { ...everything, ...options })
}

suite('what if other policies had judged', () => {
  const log = new Script()
    .opened()
    .asked('exc_1')
    .decided('exc_1', allowed)
    .asked('exc_2', 'delete')
    .decided('exc_2', denied)
    .asked('exc_3')
    .decided('exc_3', allowed, {}, 2_000)

  test('what was judged before tokens were counted has used none', async () => {
    const own = `package sluice.rules.b\n\ndeny contains {"rule": "b/tokens", "message": "x", "remedy": ""} if not input.session.facts.tokens == 0\n`
    const bundle = await openBundle({ files: { 'a.rego': readers, 'b.rego': own }, data: {} }, null, {
      build: (files) => compiler.build(files),
    })
    assert.equal((await whatIf(log, bundle, everything)).changed, 0)
  })

  test('the same ones come to the same answers', async () => {
    const { decisions, changed, groups } = await judged(log, readers)
    assert.deepEqual([decisions, changed, groups], [3, 0, []])
  })

  test('what would be refused is shown by rule, subject and template', async () => {
    const { changed, groups } = await judged(
      log,
      'package sluice.rules.b\n\nallow contains {"rule": "b"} if false\n',
    )
    assert.equal(changed, 2)
    assert.deepEqual(groups, [
      {
        kinds: ['effect'],
        before: { effect: 'allow', rule: 'a/read' },
        after: { effect: 'deny', rule: 'sluice/no_allow' },
        subject: 'i#alice',
        target: 'shop',
        template: 'hash of select',
        action: 'sql.select public.people',
        decisions: 2,
        firstMs: 1_000,
        lastMs: 2_000,
        example: 'dec_exc_1',
      },
    ])
  })

  test('masks that come and go are counted by column', async () => {
    const { maskedMore, maskedLess, groups } = await judged(
      log,
      readers.replace('"column": "iban"', '"column": "email"'),
    )
    assert.deepEqual(maskedMore, [{ column: 'public.people.email', decisions: 2 }])
    assert.deepEqual(maskedLess, [{ column: 'public.people.iban', decisions: 2 }])
    assert.deepEqual(groups[0]?.kinds, ['mask'])
  })

  test('what people would be asked is counted by rule and approvers', async () => {
    const holding = `${readers}
hold contains {"rule": "a/ask", "approvers": ["dba"], "quorum": 1} if input.action.kind == "select"
`
    const { approvals, changed } = await judged(log, holding)
    assert.equal(changed, 2)
    assert.deepEqual(approvals, [{ rule: 'a/ask', approvers: ['dba'], decisions: 2 }])
  })

  test('a time and a target choose among them, and a session of before is known', async () => {
    assert.equal((await judged(log, readers, { sinceMs: 1_500 })).decisions, 1)
    assert.equal((await judged(log, readers, { untilMs: 1_500 })).decisions, 2)
    assert.equal((await judged(log, readers, { target: 'other' })).decisions, 0)
  })

  test('what the gateway refused by itself, and what is not whole, is counted apart', async () => {
    const odd = new Script()
      .opened()
      .asked('exc_1')
      .decided('exc_1', { ...denied, reasons: [{ ...noAllow, rule: 'adapter/parse' }] })
      .decided('exc_9', allowed)
      .asked('exc_3')
      .decided('exc_3', { ...allowed, effect: 'hold' })
      .decided('exc_3', denied)
      .asked('exc_2', 'select', 'ses_unknown')
      .decided('exc_2', allowed, { session: 'ses_unknown' })
    const { decisions, byGateway, incomplete } = await judged(odd, readers)
    assert.deepEqual([decisions, byGateway, incomplete], [1, 2, 2])
  })

  test('what was only counted cannot be judged again, and is said', async () => {
    const counted = { session: 'ses_1', subject: 'i#alice', decision: 'dec_9', requests: 9, denied: 7 }
    const times = { from_ms: 1_000, until_ms: 1_000, rules: [{ rule: 'a/no', denied: 7 }] }
    const flooded = new Script()
      .opened()
      .write('DenialsCounted', { ...counted, ...times, target: 'shop' })
      .write('DenialsCounted', { ...counted, ...times, target: 'other' })
    assert.equal((await judged(flooded, readers)).onlyCounted, 14)
    assert.equal((await judged(flooded, readers, { target: 'shop' })).onlyCounted, 7)
    assert.equal((await judged(flooded, readers, { untilMs: 0 })).onlyCounted, 0)
  })

  test('a fresh token counts from where it was shown', async () => {
    const subject = { id: 'i#alice', type: 'human', issuer: 'i', groups: ['clear'], on_behalf_of: null }
    const token = { claims: '{}', token_id: 't2', token_expires_ms: 9 }
    const extended = new Script()
      .opened()
      .asked('exc_1')
      .decided('exc_1', allowed)
      .write('SessionExtended', { session: 'ses_1', subject, ...token })
      .asked('exc_2')
      .decided('exc_2', { ...allowed, mask: [] })
    assert.equal((await judged(extended, readers)).changed, 0)
  })

  test('what a hold released is judged with its approvals', async () => {
    const held = `${readers}
hold contains {"rule": "a/ask", "approvers": ["dba"], "quorum": 1} if input.action.kind == "delete"

allow contains {"rule": "a/delete"} if input.action.kind == "delete"
`
    const approval = { approvers: ['dba'], quorum: 1, expires_s: 3_600, hold_s: 300, scope: 'once' as const }
    const asks = { rule: 'a/ask', message: '', remedy: '' }
    const hold: Verdict = { ...allowed, effect: 'hold', reasons: [asks], approval }
    const voted = [{ id: 'apr_1', rules: ['a/ask'], approved_by: ['i#bob'], expires_ms: 9_999, ...approval }]
    const released: Verdict = { ...allowed, reasons: [{ ...asks, rule: 'a/delete' }] }
    const log = new Script()
      .opened()
      .asked('exc_1', 'delete')
      .decided('exc_1', hold)
      .decided('exc_1', released, { approvals: JSON.stringify(voted) })
    const { decisions, groups } = await judged(log, held)
    assert.equal(decisions, 2)
    assert.deepEqual(
      groups.filter(({ kinds }) => kinds.includes('effect')),
      [],
    )
  })

  test('policies that read values say that they had none', async () => {
    const values = readers.replace('input.action.kind == "select"', 'count(input.action.parameters) >= 0')
    assert.equal((await judged(log, values)).without.values, 3)
    assert.equal((await judged(log, readers)).without.values, 0)
  })

  test('of a path the log tells its route: rules over paths had no values only where it has some', async () => {
    const fetches = new Script()
      .opened()
      .fetched('exc_1', '/admin/keys')
      .decided('exc_1', allowed)
      .fetched('exc_2', '/customers/{}')
      .decided('exc_2', allowed)
    const allowing = (condition: string) => readers.replace('input.action.kind == "select"', condition)
    const paths = await judged(fetches, allowing('input.action.segments[0] == "admin"'))
    assert.deepEqual([paths.decisions, paths.changed, paths.without.values], [2, 1, 1])
    assert.equal(paths.groups[0]?.action, 'http.get /customers/{}')
    assert.equal((await judged(fetches, allowing('input.action.body == null'))).without.values, 2)
    assert.equal((await judged(log, allowing('not input.action.body.x'))).without.values, 0)
  })

  test('what was asked of a host is judged by its kind alone, or not at all', async () => {
    const commands = new Script().opened()
    for (const exchange of ['exc_1', 'exc_2']) commands.commanded(exchange).decided(exchange, allowed)
    const allowing = (condition: string) => readers.replace('input.action.kind == "select"', condition)
    const kinds = await judged(commands, allowing('input.action.name == "ssh.exec"'))
    assert.deepEqual([kinds.decisions, kinds.changed, kinds.sealed], [2, 0, 0])
    const programs = await judged(commands, allowing('count(input.action.programs) > 0'))
    assert.deepEqual([programs.decisions, programs.changed, programs.sealed], [0, 0, 2])
  })

  test('a policy that fails is a finding, and one that does not end is an error', async () => {
    const failing = `package sluice.rules.a

allow contains {"rule": x} if input.action.kind == "select"

x := 1 if input.action.kind == "select"

x := 2 if input.action.kind == "select"
`
    const { faults, changed } = await judged(log, failing)
    assert.equal(changed, 2)
    assert.equal(
      Object.values(faults).reduce((sum, times) => sum + times, 0),
      2,
    )
    const endless = `package sluice.rules.a

allow contains {"rule": "a"} if {
	input.action.kind == "select"
	some a in data.names
	some b in data.names
	some c in data.names
	some d in data.names
	a != b
	b == c
	c == d
	d == "never"
}
`
    const names = Array.from({ length: 300 }, (_, n) => `${n}`)
    const bundle = await bundleOf(endless, { names })
    await assert.rejects(whatIf(log, bundle, everything), EndlessPolicyError)
  })
})
