import { test } from 'node:test'
import assert from 'node:assert/strict'
import {
  decide,
  evolve,
  initialState,
  type EventBody,
  type ExchangeCommand,
  type ExchangeState,
} from './decider.ts'
import type { EventData } from './events.ts'

const received = { session: 'ses_1', exchange: 'exc_1', actions: '[]', digest: 'aa', bytes: 8 }
const content = Buffer.from('select 1')

function decided(effect: 'allow' | 'deny' | 'hold'): EventData['DecisionMade'] {
  const { session, exchange } = received
  return {
    session,
    exchange,
    decision: 'dec_1',
    effect,
    verdicts: '[]',
    rule: 'r',
    revision: 'v1',
    now_ms: 0,
    facts: '{}',
    approvals: '[]',
    grants: '[]',
  }
}

function judgeCommand(effect: 'allow' | 'deny' | 'hold'): ExchangeCommand {
  return { kind: 'judge', received, decided: decided(effect), content }
}

function settle(effect: 'allow' | 'deny'): ExchangeCommand {
  return { kind: 'settle', decided: decided(effect) }
}

const complete: ExchangeCommand = {
  kind: 'complete',
  answer: undefined,
  completed: {
    session: 'ses_1',
    exchange: 'exc_1',
    outcome: 'completed',
    status: null,
    rows: 0,
    bytes: 0,
    masked: [],
    chunks: 0,
    micros: 5,
    usage: null,
  },
}
const abandon: ExchangeCommand = { kind: 'abandon', session: 'ses_1', exchange: 'exc_1', reason: 'late' }

/** Given these commands were carried out, when this one comes, then these events follow (or it throws). */
const table: readonly {
  readonly name: string
  readonly given: readonly ExchangeCommand[]
  readonly when: ExchangeCommand
  readonly expected: readonly EventBody['type'][] | RegExp
  readonly state?: ExchangeState['kind']
}[] = [
  {
    name: 'an allowed request runs',
    given: [],
    when: judgeCommand('allow'),
    expected: ['RequestReceived', 'DecisionMade'],
    state: 'running',
  },
  {
    name: 'a denied one is over',
    given: [],
    when: judgeCommand('deny'),
    expected: ['RequestReceived', 'DecisionMade'],
    state: 'refused',
  },
  {
    name: 'a held one does not run',
    given: [],
    when: judgeCommand('hold'),
    expected: ['RequestReceived', 'DecisionMade'],
    state: 'held',
  },
  {
    name: 'a held one runs by a second decision',
    given: [judgeCommand('hold')],
    when: settle('allow'),
    expected: ['DecisionMade'],
    state: 'running',
  },
  {
    name: 'a held one is over by a second decision',
    given: [judgeCommand('hold')],
    when: settle('deny'),
    expected: ['DecisionMade'],
    state: 'refused',
  },
  {
    name: 'a held one can be abandoned',
    given: [judgeCommand('hold')],
    when: abandon,
    expected: ['ExchangeAbandoned'],
    state: 'closed',
  },
  {
    name: 'a held one cannot complete',
    given: [judgeCommand('hold')],
    when: complete,
    expected: /held/,
  },
  {
    name: 'a second decision is made once',
    given: [judgeCommand('hold'), settle('deny')],
    when: settle('allow'),
    expected: /refused/,
  },
  {
    name: 'without a hold there is no second decision',
    given: [judgeCommand('deny')],
    when: settle('allow'),
    expected: /refused/,
  },
  {
    name: 'a skipped one is received and abandoned',
    given: [],
    when: { kind: 'skip', received, content },
    expected: ['RequestReceived', 'ExchangeAbandoned'],
    state: 'closed',
  },
  {
    name: 'a running one completes',
    given: [judgeCommand('allow')],
    when: complete,
    expected: ['ResponseCompleted'],
    state: 'closed',
  },
  {
    name: 'a running one can be abandoned',
    given: [judgeCommand('allow')],
    when: abandon,
    expected: ['ExchangeAbandoned'],
    state: 'closed',
  },
  {
    name: 'a denied one cannot complete',
    given: [judgeCommand('deny')],
    when: complete,
    expected: /refused/,
  },
  {
    name: 'nothing completes twice',
    given: [judgeCommand('allow'), complete],
    when: complete,
    expected: /closed/,
  },
  {
    name: 'nothing is judged twice',
    given: [judgeCommand('allow')],
    when: judgeCommand('allow'),
    expected: /running/,
  },
  {
    name: 'an abandoned one cannot complete',
    given: [judgeCommand('allow'), abandon],
    when: complete,
    expected: /closed/,
  },
]

function replay(commands: readonly ExchangeCommand[]): ExchangeState {
  let state = initialState
  for (const command of commands) for (const event of decide(command, state)) state = evolve(state, event)
  return state
}

for (const { name, given, when, expected, state } of table)
  test(name, () => {
    const before = replay(given)
    if (expected instanceof RegExp) {
      assert.throws(() => decide(when, before), expected)
      return
    }
    const events = decide(when, before)
    assert.deepEqual(
      events.map((event) => event.type),
      expected,
    )
    assert.equal(events.reduce(evolve, before).kind, state)
  })

test('content stands only in what is sealed', () => {
  const [request] = decide(judgeCommand('allow'), initialState)
  assert.equal(request.sealed, content)
  assert.equal(JSON.stringify(request.data).includes('select 1'), false)
})
