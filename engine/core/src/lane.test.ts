import { test } from 'node:test'
import assert from 'node:assert/strict'
import { hello, types, world } from './scripted-gate.ts'
import { pieces, scriptedExchange } from './scripted.ts'
import type { StopReason } from './adapter.ts'

const wire = (): { upstream: string[]; client: string[] } => ({ upstream: [], client: [] })

test('each lane says of which run its requests are', async () => {
  const { engine, events } = world()
  const session = await engine.open(hello)
  const lanes = ['r1', 'r2'].map((id) => {
    const lane = session.lane()
    lane.claim({ id, trace_id: null })
    return lane
  })
  for (const lane of lanes) await lane.submit([scriptedExchange(wire(), 'select')], false)[0]?.done
  const runs = events
    .filter(({ type }) => type === 'RequestReceived' || type === 'ResponseCompleted')
    .map(({ run_id }) => run_id)
  assert.deepEqual(runs, ['r1', 'r1', 'r2', 'r2'])
})

test('a lane whose caller is gone stops what runs on it, and the session goes on', async () => {
  const { engine, events } = world()
  const session = await engine.open(hello)
  const stopped: StopReason[] = []
  const [lane, other] = [session.lane(), session.lane()]
  const [running] = lane.submit(
    [
      scriptedExchange(wire(), 'select', [], {
        forward: (_permit, _plan, _body, stop) => pieces(stop.on((reason) => stopped.push(reason)) && []),
      }),
    ],
    false,
  )
  await running?.admitted
  lane.close()
  lane.close()
  await running?.done
  assert.deepEqual(stopped, ['ending'])
  const [next] = other.submit([scriptedExchange(wire(), 'select')], false)
  assert.equal((await next?.done)?.outcome, 'completed')
  assert.equal(types(events).includes('SessionClosed'), false)
})
