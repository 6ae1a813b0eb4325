import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { NewEvent } from '@sluice/core'
import { all, now, request, type LogUnderTest } from './event-store.contract.ts'

/** What every log promises of sealed content. */
export function contentContract(name: string, open: () => Promise<LogUnderTest>): void {
  suite(`content in the log: ${name}`, () => {
    let log: LogUnderTest
    beforeEach(async () => {
      log = await open()
    })
    afterEach(() => log.close())

    test('content is never stored in clear, and opens again', async () => {
      const small = 'select canary_in_a_statement'
      const large = 'canary_in_an_answer '.repeat(2_000)
      const events: readonly [NewEvent, ...NewEvent[]] = [
        request('a', small),
        request('a', large),
        request('a', ''),
      ]
      await log.store.append({ stream: 'ses_a', events }, now)
      const stored = await log.stored()
      assert.ok(stored.includes('RequestReceived'), 'the search looks at what is stored')
      for (const canary of ['canary_in_a_statement', 'canary_in_an_answer'])
        assert.ok(!stored.includes(canary), `${canary} is stored in clear`)
      const contents: string[] = []
      for (const event of await all(log.store.read()))
        contents.push(Buffer.from((await log.unseal(event)) ?? []).toString())
      assert.deepEqual(contents, [small, large, ''])
    })

    test('content of any length is kept whole, also where it lies beside its event', async () => {
      const contents = [65_535, 65_536, 65_537, 200_000].map((length) =>
        `${length} `.repeat(length).slice(0, length),
      )
      for (const content of contents)
        await log.store.append({ stream: 'ses_a', events: [request('a', content)] }, now)
      const again = await log.reopen()
      const read: string[] = []
      for (const event of await all(again.read())) {
        if (event.stream === 'ses_a') read.push(Buffer.from((await log.unseal(event)) ?? []).toString())
      }
      assert.deepEqual(
        read.map(({ length }) => length),
        contents.map(({ length }) => length),
      )
      assert.deepEqual(read, contents)
    })

    test('equal contents do not look equal', async () => {
      await log.store.append({ stream: 'ses_a', events: [request('a', 'same'), request('a', 'same')] }, now)
      await log.store.append({ stream: 'ses_b', events: [request('b', 'same')] }, now)
      const sealed = (await all(log.store.read())).map((event) =>
        Buffer.from(event.sealed ?? []).toString('hex'),
      )
      assert.equal(new Set(sealed.map((hex) => hex.slice(-40))).size, 3)
    })
  })
}
