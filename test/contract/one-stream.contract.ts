import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Position, Unit } from '@sluice/core'
import { all, now, reasons, unit, until, type LogUnderTest } from './event-store.contract.ts'

/** What every implementation of the log port promises to who wants one stream alone. */
export function oneStreamContract(name: string, open: () => Promise<LogUnderTest>): void {
  suite(`one stream of the log: ${name}`, () => {
    let log: LogUnderTest
    beforeEach(async () => {
      log = await open()
    })
    afterEach(() => log.close())

    test('of one stream no other event is read, before and after the restart', async () => {
      const control = (reason: string): Unit => unit('control', reason)
      const { store } = log
      await store.append(unit('ses_a', 'a'), now)
      await Promise.all([
        store.append(control('0'), now),
        store.append(unit('ses_a', 'b'), now),
        store.append(unit('control', '1', '2'), now),
      ])
      assert.deepEqual(reasons(await all(store.read(undefined, 'control'))), ['0', '1', '2'])
      assert.deepEqual(reasons(await all(store.read(undefined, 'ses_a'))), ['a', 'b'])
      const [first] = await all(store.read(undefined, 'control'))
      assert.deepEqual(reasons(await all(store.read(first?.position, 'control'))), ['1', '2'])
      const again = await log.reopen()
      await again.append(control('3'), now)
      await again.append(unit('ses_b', 'c'), now)
      assert.deepEqual(reasons(await all(again.read(first?.position, 'control'))), ['1', '2', '3'])
    })

    test('subscribers of one stream get what is there of it, then what comes', async () => {
      const { store } = log
      await store.append(unit('control', '0'), now)
      await store.append(unit('ses_a', 'a'), now)
      const leave = new AbortController()
      const seen = { control: new Array<string>(), ses_a: new Array<string>() }
      const follow = async (stream: keyof typeof seen, after?: Position): Promise<void> => {
        for await (const event of store.subscribe(after, leave.signal, stream))
          seen[stream].push(...reasons([event]))
      }
      const following = [follow('control'), follow('ses_a')]
      for (const reason of ['1', '2', '3', '4']) {
        await store.append(unit('ses_a', reason), now)
        if (reason === '2' || reason === '4') await store.append(unit('control', reason), now)
      }
      await until(() => seen.control.length === 3 && seen.ses_a.length === 5)
      const [, second] = await all(store.read(undefined, 'control'))
      following.push(follow('control', second?.position))
      await until(() => seen.control.length === 4)
      await store.append(unit('control', '5'), now)
      await until(() => seen.control.length === 6)
      leave.abort()
      await Promise.all(following)
      assert.deepEqual(seen.control, ['0', '2', '4', '4', '5', '5'])
      assert.deepEqual(seen.ses_a, ['a', '1', '2', '3', '4'])
    })
  })
}
