import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { EventType } from '@sluice/core'
import type { ExportedEvent } from '../exported.ts'
import { eventData, exported } from './scripted-events.ts'
import { ocsfProblems } from './scripted-schema.ts'
import { mappers } from './index.ts'
import { unexported } from './outline.ts'

const types = Object.keys(eventData) as readonly EventType[]
type Document = Readonly<Record<string, unknown>>

function documentOf(format: 'ocsf' | 'ecs' | 'json', type: EventType): Document {
  const body = mappers[format].map(exported(type))?.body
  assert.ok(typeof body === 'object', `${type} is not exported`)
  return body
}

/** A line of text. */
function lineOf(of: ExportedEvent): string {
  const body = mappers.cef.map(of)?.body
  assert.ok(typeof body === 'string')
  return body
}

const hostile = 'a|b=c\\d\r\nCEF:0|x\u001b[2J\u202eevil "quoted", {"json": 1}\u2028'

suite('mappers', () => {
  test('export every type of event, or say that they do not', () => {
    for (const mapper of Object.values(mappers))
      for (const type of types)
        assert.equal(mapper.map(exported(type)) === null, unexported.has(type), `${mapper.format} ${type}`)
  })

  test('name each event by its own id and time, and give the same again', () => {
    for (const mapper of Object.values(mappers))
      for (const type of types) {
        const [one, other] = [mapper.map(exported(type)), mapper.map(exported(type))]
        assert.deepEqual(one, other)
        if (one !== null) assert.deepEqual([one.id, one.timeMs], [`evt_${type}`, 1_800_000_000_000])
      }
  })

  test('OCSF holds to the published schema of each class', () => {
    for (const type of types.filter((each) => !unexported.has(each)))
      for (const protocol of ['postgres', 'http', 'ssh']) {
        const of = exported(type)
        const session = of.session === null ? null : { ...of.session, protocol }
        const body = mappers.ocsf.map({ ...of, session })?.body as Document
        assert.deepEqual(ocsfProblems(body), [], `${type} over ${protocol}: ${JSON.stringify(body)}`)
      }
  })

  test('OCSF tells what was denied, held, allowed and masked', () => {
    const of = (effect: 'allow' | 'deny' | 'hold') =>
      mappers.ocsf.map(exported('DecisionMade', { effect }))?.body as Document
    assert.deepEqual(
      ['allow', 'deny', 'hold'].map((effect) => of(effect as 'allow')['action_id']),
      [1, 2, 3],
    )
    const completed = documentOf('ocsf', 'ResponseCompleted')
    assert.deepEqual([completed['class_uid'], completed['activity_id'], completed['action_id']], [6005, 4, 4])
    assert.equal(documentOf('ocsf', 'AlarmRaised')['class_uid'], 2004)
    assert.equal(documentOf('ocsf', 'AuthenticationFailed')['status_id'], 2)
  })

  test('counted denials are one event that says how many and when', () => {
    const [ocsf, ecs] = [documentOf('ocsf', 'DenialsCounted'), documentOf('ecs', 'DenialsCounted')]
    assert.deepEqual(
      [ocsf['count'], ocsf['start_time'], ocsf['end_time'], ocsf['action_id'], ocsf['class_uid']],
      [900, 1_799_999_995_000, 1_799_999_999_000, 2, 6005],
    )
    const { start, end } = ecs['event'] as Document
    assert.deepEqual(
      [start, end, (ecs['sluice'] as Document)['counted'], (ecs['rule'] as Document)['name']],
      ['2027-01-15T07:59:55.000Z', '2027-01-15T07:59:59.000Z', 900, 'starter/rule'],
    )
    assert.match(lineOf(exported('DenialsCounted')), / start=1799999995000 end=1799999999000 cnt=900 /)
    for (const format of ['ocsf', 'ecs', 'json'] as const)
      assert.match(JSON.stringify(documentOf(format, 'DenialsCounted')), /"dec_3"/)
  })

  test('counted logins are one event that says how many', () => {
    const [ocsf, ecs] = [documentOf('ocsf', 'LoginsRefused'), documentOf('ecs', 'LoginsRefused')]
    assert.deepEqual([ocsf['count'], ocsf['class_uid'], ocsf['status_id']], [70, 3002, 2])
    assert.deepEqual((ecs['event'] as Document)['outcome'], 'failure')
    assert.equal((ecs['sluice'] as Document)['counted'], 70)
    assert.match(lineOf(exported('LoginsRefused')), / cnt=70 /)
  })

  test('ECS has lists of its own words where it wants lists', () => {
    const categories = new Set(['authentication', 'session', 'database', 'web', 'iam', 'configuration'])
    const kinds = new Set([
      'access',
      'allowed',
      'change',
      'creation',
      'deletion',
      'denied',
      'end',
      'error',
      'info',
      'start',
      'user',
    ])
    for (const type of types.filter((each) => !unexported.has(each))) {
      const event = documentOf('ecs', type)['event'] as Readonly<Record<string, unknown>>
      for (const each of event['category'] as readonly string[]) assert.ok(categories.has(each), each)
      for (const each of event['type'] as readonly string[]) assert.ok(kinds.has(each), each)
      assert.ok(['success', 'failure', 'unknown'].includes(String(event['outcome'])))
    }
  })

  test('every export ties to the decision, the policy and the run', () => {
    for (const format of ['ocsf', 'ecs', 'json'] as const) {
      const text = JSON.stringify(documentOf(format, 'ResponseCompleted'))
      for (const part of [
        'ses_1',
        'dec_1',
        'rev_1',
        'run_1',
        '0af7651916cd43dd8448eb211c80319c',
        'public.customers.email',
      ])
        assert.ok(text.includes(part), `${format} lacks ${part}`)
    }
    const line = lineOf(exported('ResponseCompleted'))
    for (const part of ['ses_1', 'dec_1', 'rev_1', 'run_1', 'public.customers.email'])
      assert.ok(line.includes(part))
  })

  test('what a language model counted is told in each, and nothing where none was asked', () => {
    const usage = {
      model: 'gpt-4o',
      input_tokens: 120,
      output_tokens: 30,
      cost_micros: 450,
      estimated: false,
    }
    const of = exported('ResponseCompleted', { usage })
    for (const [format, place] of [
      ['ocsf', 'unmapped'],
      ['ecs', 'sluice'],
    ] as const) {
      const document = mappers[format].map(of)?.body as Document
      assert.deepEqual((document[place] as Document)['usage'], usage)
    }
    assert.match(JSON.stringify(mappers.json.map(of)?.body), /"input_tokens":120/)
    assert.match(lineOf(of), / cn3=150 cn3Label=tokens flexString1=gpt-4o flexString1Label=model /)
    assert.doesNotMatch(JSON.stringify(documentOf('ocsf', 'ResponseCompleted')), /usage/)
    assert.doesNotMatch(lineOf(exported('ResponseCompleted')), /cn3|flexString1/)
  })

  test('CEF is one line that can be taken apart, whatever is in it', () => {
    const of = exported('ExchangeAbandoned', { reason: hostile })
    assert.ok(of.session)
    const session = {
      ...of.session,
      application: hostile,
      target: hostile,
      subject: { ...of.session.subject, id: hostile },
    }
    const line = lineOf({ ...of, session })
    assert.ok(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line), line)
    const header = line.split(/(?<!\\)\|/)
    assert.deepEqual(header.slice(0, 5), ['CEF:0', 'Sluice', 'Sluice', '1', 'ExchangeAbandoned'])
    const extension = header.slice(7).join('|')
    const pairs = [...extension.matchAll(/(?:^| )(\w+)=((?:\\.|[^\\=])*?)(?= \w+=|$)/g)]
    const fields = new Map(pairs.map(([, key = '', value = '']) => [key, value]))
    assert.equal(fields.get('outcome'), 'failure')
    assert.equal(fields.get('cs1'), 'ses_1')
    assert.ok(fields.get('suser')?.startsWith(String.raw`a|b\=c\\d\r\nCEF:0|x`), fields.get('suser'))
  })
})
