import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import type { EventData, EventType, Identity, Position, RecordedEvent, Sample } from '@sluice/core'
import { openBundle } from '../bundle.ts'
import { Compiler } from '../compiler.ts'
import { neutralInput } from '../neutral-input.ts'
import { judgePossible } from './possible.ts'
import { RecordedKinds } from './recorded-kinds.ts'

const compiler = await Compiler.open(null)
after(() => compiler[Symbol.asyncDispose]())

const source = `package sluice.rules.a

allow contains {"rule": "a/read", "message": "Read."} if {
	input.action.kind == "select"
	"staff" in input.subject.groups
}

allow contains {"rule": "a/granted"} if {
	some grant in input.grants
	grant.role == "writer"
}

hold contains {"rule": "a/delete", "approvers": ["dba"], "quorum": 2} if input.action.kind == "delete"

mask contains {"relation": "public.people", "column": "iban", "method": "last4", "rule": "a/iban"}
`
const bundle = await openBundle({ files: { 'a.rego': source }, data: {} }, null, {
  build: (files) => compiler.build(files),
})

function identity(...groups: readonly string[]): Identity {
  const { id, type, issuer, claims, on_behalf_of } = neutralInput.subject
  return { subject: { id, type, issuer, groups, claims, on_behalf_of }, tokenId: 't', expiresAt: 9 }
}

function sample(kind: string, table = 'people'): Sample {
  const relations = [{ schema: 'public', name: table, access: 'read', columns: ['*'] }]
  return {
    what: kind,
    actions: [{ ...neutralInput.action, name: `sql.${kind}`, kind, relations }],
  }
}

const context = {
  session: 'ses_1',
  client: { ip: '::1', application: null },
  target: { name: 'shop', protocol: 'postgres', labels: {} },
}

test('what each would get, with the masks of what it touches and who would be asked', async () => {
  const samples = [sample('select'), sample('select', 'orders'), sample('delete'), sample('drop')]
  const judge = (of: Identity, grants: Parameters<typeof judgePossible>[1]['grants'] = []) =>
    judgePossible(bundle, { identity: of, context, grants, nowMs: 1_000, samples, recorded: [] })
  const found = await judge(identity('staff'))
  assert.deepEqual(
    found.map(({ effect, rule, masks, quorum }) => [effect, rule, masks.length, quorum]),
    [
      ['allow', 'a/read', 1, 0],
      ['allow', 'a/read', 0, 0],
      ['hold', 'a/delete', 1, 2],
      ['deny', 'sluice/no_allow', 0, 0],
    ],
  )
  assert.deepEqual(found[0]?.masks, [{ place: 'public.people.iban', method: 'last4', rule: 'a/iban' }])
  assert.deepEqual([found[2]?.approvers, found[0]?.message], [['dba'], 'Read.'])
  assert.equal((await judge(identity()))[0]?.effect, 'deny')
  const grant = { id: 'g', target: 'shop', role: 'writer', until_ms: 9, reason: '', given_by: 'b' }
  assert.equal((await judge(identity(), [grant]))[3]?.rule, 'a/granted')
})

/** Events of one session, as a log holds them. */
function session(target: string): {
  readonly events: RecordedEvent[]
  readonly asked: (action: object, atMs: number) => void
} {
  const events: RecordedEvent[] = []
  const write = <T extends EventType>(type: T, data: EventData[T], time: number): void => {
    const bytes = new Uint8Array(32)
    const envelope = { id: `evt_${events.length}`, stream: 's', seq: events.length, writer: 'gw', epoch: 1 }
    const rest = { trace_id: null, run_id: null, prev_hash: bytes, hash: bytes, sig: null, sealed: null }
    const more = { time, schema: 1, position: `${events.length}` as Position }
    events.push({ ...envelope, ...rest, ...more, type, data } as RecordedEvent)
  }
  const subject = { id: 'i#alice', type: 'human', issuer: 'i', groups: ['staff'], on_behalf_of: null }
  const token = { claims: '{}', token_id: 't', token_expires_ms: 9 }
  const client = { client_ip: '::1', application: null, gateway: 'gw', protocol: 'postgres', labels: '{}' }
  write('SessionOpened', { session: 's', subject, ...token, ...client, target }, 0)
  return {
    events,
    asked(action, atMs) {
      const exchange = `exc_${events.length}`
      const actions = JSON.stringify([action])
      write('RequestReceived', { session: 's', exchange, actions, digest: 'd', bytes: 1 }, atMs)
      const verdict = { effect: 'allow', reasons: [{ rule: 'a/read', message: '', remedy: '' }], mask: [] }
      const judged = { verdicts: JSON.stringify([verdict]), rule: 'a/read', revision: 'r', now_ms: atMs }
      const facts = JSON.stringify({ requests: 0, denied: 0, rows: 0, bytes: 0, in_flight: 1 })
      const none = { approvals: '[]', grants: '[]', facts }
      const made = {
        session: 's',
        exchange,
        decision: `dec_${exchange}`,
        effect: 'allow' as const,
        ...judged,
        ...none,
      }
      write('DecisionMade', made, atMs)
    },
  }
}

test('the record says who somebody is, what they ask for and what there is', () => {
  const people = [{ schema: 'public', name: 'people', access: 'read', columns: ['id'] }]
  const select = { name: 'sql.select', kind: 'select', read_only: true, relations: people }
  const { events, asked } = session('shop')
  asked(select, 10)
  asked(select, 30)
  asked({ name: 'ssh.exec', kind: 'exec', read_only: true, login: 'a' }, 40)
  const elsewhere = session('elsewhere')
  elsewhere.asked({ ...select, relations: [] }, 50)
  const kinds = new RecordedKinds()
  for (const event of [...events, ...elsewhere.events]) kinds.take(event, 'shop')
  assert.deepEqual(
    kinds.kinds(10).map(({ what, times, lastMs }) => [what, times, lastMs]),
    [['sql.select public.people', 2, 30]],
  )
  assert.deepEqual([kinds.known, kinds.sealed], [['public.people'], 1])
  assert.deepEqual([kinds.subject?.id, kinds.subject?.groups], ['i#alice', ['staff']])
  assert.equal(new RecordedKinds().subject, undefined)
})
