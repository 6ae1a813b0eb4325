import { beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { CheckpointCourier, type CheckpointOutlet } from './checkpoint-courier.ts'
import { ManualClock, settled } from './scripted.ts'

/** An outlet that keeps, refuses or hangs as it is told. */
class ScriptedOutlet implements CheckpointOutlet {
  readonly name = 'kept.jsonl'
  readonly lines: string[] = []
  attempts = 0
  closed = false
  answer: 'keep' | 'refuse' | 'hang' = 'keep'
  #release = (): void => {}

  async keep(line: string): Promise<void> {
    this.attempts += 1
    if (this.answer === 'hang') await new Promise<void>((resolve) => (this.#release = resolve))
    if (this.answer === 'refuse') throw new Error('it answered 503')
    this.lines.push(line)
  }

  release(): void {
    this.answer = 'keep'
    this.#release()
  }

  async close(): Promise<void> {
    this.closed = true
  }
}

suite('what brings checkpoints to an outlet', () => {
  let clock: ManualClock
  let outlet: ScriptedOutlet
  let reports: string[]
  const courier = (paceMs = 0): CheckpointCourier =>
    new CheckpointCourier(outlet, { clock, paceMs, report: (what) => reports.push(what) })
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await settled()
  }
  beforeEach(() => {
    clock = new ManualClock()
    outlet = new ScriptedOutlet()
    reports = []
  })

  test('brings each one, in order, where there is time', async () => {
    const bringing = courier()
    for (const line of ['1', '2', '3']) {
      bringing.send(line)
      await settled()
      await pass(0)
    }
    assert.deepEqual(outlet.lines, ['1', '2', '3'])
  })

  test('keeps a pace, and then brings the newest', async () => {
    const bringing = courier(10_000)
    for (const line of ['1', '2', '3']) bringing.send(line)
    await settled()
    await pass(9_999)
    assert.deepEqual(outlet.lines, ['1'])
    bringing.send('4')
    await pass(1)
    assert.deepEqual(outlet.lines, ['1', '4'])
  })

  test('holds up nobody while an outlet hangs, and holds no more than one line for it', async () => {
    outlet.answer = 'hang'
    const bringing = courier()
    for (let line = 0; line < 1_000; line++) bringing.send(String(line))
    await settled()
    assert.equal(outlet.attempts, 1)
    bringing.send('newest')
    outlet.release()
    await settled()
    await pass(0)
    assert.deepEqual(outlet.lines, ['0', 'newest'])
  })

  test('tries again after longer and longer waits, says so once, and again only after it worked', async () => {
    outlet.answer = 'refuse'
    const bringing = courier()
    bringing.send('1')
    await settled()
    for (const [waited, attempts] of [
      [999, 1],
      [1, 2],
      [1_999, 2],
      [1, 3],
      [4_000, 4],
      [600_000, 5],
    ] as const) {
      await pass(waited)
      assert.equal(outlet.attempts, attempts, `after ${waited}`)
    }
    assert.deepEqual(reports, ['a checkpoint was not kept at kept.jsonl; trying again'])
    const { name } = outlet
    assert.deepEqual(bringing.state, { name, keptMs: null, trouble: 'it answered 503' })
    bringing.send('2')
    outlet.answer = 'keep'
    await pass(60_000)
    assert.deepEqual(outlet.lines, ['2'])
    assert.deepEqual([bringing.state.trouble, bringing.state.keptMs !== null], [null, true])
    outlet.answer = 'refuse'
    bringing.send('3')
    await pass(0)
    assert.equal(reports.length, 2)
  })

  test('closing brings the newest at once', async () => {
    const bringing = courier(10_000)
    bringing.send('1')
    await settled()
    bringing.send('last')
    await bringing.close()
    assert.deepEqual(outlet.lines, ['1', 'last'])
    assert.ok(outlet.closed)
    assert.deepEqual(reports, [])
    bringing.send('late')
    await settled()
    assert.deepEqual(outlet.lines, ['1', 'last'])
  })

  for (const answer of ['refuse', 'hang'] as const)
    test(`closing ends within its bound when the outlet does ${answer}, and says what is missing`, async () => {
      outlet.answer = answer
      const bringing = courier()
      bringing.send('1')
      await settled()
      const closing = bringing.close()
      await settled()
      clock.advance(2_000)
      await closing
      assert.match(reports.at(-1) ?? '', /the last checkpoint was not kept at kept\.jsonl/)
    })
})
