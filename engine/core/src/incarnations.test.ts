import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { EventData, EventType, RecordedEvent } from './events.ts'
import { Incarnations } from './incarnations.ts'

function event<T extends EventType>(type: T, by: string, epoch: number, data: EventData[T]): RecordedEvent {
  return { type, writer: by, epoch, stream: 'control', data } as unknown as RecordedEvent
}

const a = { writer: 'gw_a', epoch: 3 }
const joined = event('GatewayJoined', 'gw_a', 3, { ...a, public_key: '' })
const resumed = event('GatewayResumed', 'gw_a', 3, a)
const lost = (resumes: number): RecordedEvent => event('GatewayLost', 'gw_b', 1, { ...a, resumes })
const word = event('TargetRemoved', 'gw_a', 3, { name: 'shop', by: 'file' })

suite('incarnations', () => {
  test('count until they are declared lost, and never again', () => {
    const incarnations = new Incarnations()
    for (const each of [joined, word, lost(0)]) assert.ok(incarnations.admits(each))
    for (const each of [word, resumed, joined, lost(0)]) assert.ok(!incarnations.admits(each))
    assert.deepEqual(incarnations.joined(), [])
  })

  test('that resumed first are not lost to who did not know it', () => {
    const incarnations = new Incarnations()
    for (const each of [joined, resumed]) assert.ok(incarnations.admits(each))
    assert.ok(!incarnations.admits(lost(0)))
    assert.ok(incarnations.admits(word))
    assert.equal(incarnations.joined()[0]?.resumes, 1)
    assert.ok(incarnations.admits(lost(1)))
    assert.ok(!incarnations.admits(word))
  })

  test('take those before them along, and leave those after them', () => {
    const incarnations = new Incarnations()
    assert.ok(incarnations.admits(lost(0)))
    assert.ok(!incarnations.admits(event('TargetRemoved', 'gw_a', 2, { name: 'shop', by: 'file' })))
    assert.ok(incarnations.admits(event('TargetRemoved', 'gw_a', 4, { name: 'shop', by: 'file' })))
  })

  test('that left are not among those that may be lost', () => {
    const incarnations = new Incarnations()
    for (const each of [joined, event('GatewayLeft', 'gw_a', 3, a)]) assert.ok(incarnations.admits(each))
    assert.deepEqual(incarnations.joined(), [])
  })
})
