import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { ScriptedControl, SteppedClock, alarm, approvalId, asked, voteOf, wanted } from './scripted.ts'
import { Story } from './story.ts'

function told(record: (control: ScriptedControl, clock: SteppedClock) => void): readonly string[] {
  const clock = new SteppedClock()
  const control = new ScriptedControl(clock)
  record(control, clock)
  const story = new Story(null)
  return control.events.flatMap((event) => story.tell(event)).map(({ type }) => type)
}

suite('what is news', () => {
  test('a request, the vote that decides, and what comes of it; votes on the way and late ones are not', () => {
    assert.deepEqual(
      told((control) => {
        control.record('ApprovalRequested', asked(1, { quorum: 2 }))
        control.record('ApprovalGranted', voteOf(1, 'bob'))
        control.record('ApprovalGranted', voteOf(1, 'bob'))
        control.record('ApprovalGranted', voteOf(1, 'carol'))
        control.record('ApprovalRejected', voteOf(1, 'dave'))
        control.record('ApprovalConsumed', {
          approval: approvalId(1),
          session: 'ses_1',
          exchange: 'exc_1',
          decision: 'dec_1',
        })
        control.record('ApprovalExpired', { approval: approvalId(1), reason: 'time' })
      }),
      ['approval.requested', 'approval.approved', 'approval.consumed'],
    )
  })

  test('each other end', () => {
    const ends = told((control) => {
      for (const number of [1, 2, 3]) control.record('ApprovalRequested', asked(number))
      control.record('ApprovalRejected', voteOf(1, 'bob'))
      control.record('ApprovalExpired', { approval: approvalId(2), reason: 'time' })
      control.record('ApprovalCancelled', { approval: approvalId(3), by: 'gateway', reason: 'gone' })
    }).slice(3)
    assert.deepEqual(ends, ['approval.rejected', 'approval.expired', 'approval.cancelled'])
  })

  test('a gateway that was lost ends what it had asked for', () => {
    const clock = new SteppedClock()
    const control = new ScriptedControl(clock)
    const story = new Story(null)
    for (const number of [1, 2]) story.tell(control.record('ApprovalRequested', asked(number)))
    const notices = story.tell(control.record('GatewayLost', { writer: 'gw', epoch: 1, resumes: 0 }))
    assert.deepEqual(
      notices.map(({ type }) => type),
      ['approval.expired', 'approval.expired'],
    )
    assert.equal(new Set(notices.map(({ id }) => id)).size, 2, 'each has an id of its own')
  })

  test('alarms, and access that is asked for', () => {
    assert.deepEqual(
      told((control) => {
        control.record('AlarmRaised', alarm)
        control.record('GrantRequested', wanted)
      }),
      ['alarm.raised', 'access.requested'],
    )
  })

  test('never what no gateway signed, nor what stands in another stream', () => {
    assert.deepEqual(
      told((control) => {
        control.record('AlarmRaised', alarm, { sig: null })
        control.record('AlarmRaised', alarm, { stream: 'ses_1' })
      }),
      [],
    )
  })
})

test('who reads on from where it says knows what is live there', () => {
  const clock = new SteppedClock()
  const control = new ScriptedControl(clock)
  const story = new Story(null)
  story.tell(control.record('AlarmRaised', alarm))
  const before = story.from
  assert.equal(before, story.last, 'nothing is live')
  story.tell(control.record('ApprovalRequested', asked(1)))
  story.tell(control.record('AlarmRaised', alarm))
  assert.equal(story.from, before, 'from before the oldest that is live')
  story.tell(control.record('ApprovalExpired', { approval: approvalId(1), reason: 'time' }))
  assert.equal(story.from, story.last)
})
