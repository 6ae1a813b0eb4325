import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Position, RecordedEvent } from '@sluice/core'
import type { Client } from './client.ts'
import { remoteLog, type RemoteReading } from './remote-log.ts'

const line = JSON.stringify({
  id: 'evt_1',
  type: 'SessionKilled',
  stream: 'control',
  position: '7',
  data: { session: 'ses_ä' },
  sealed_bytes: 12,
  prev_hash: 'aa',
  hash: 'bb',
  sig: 'cc',
})

function answering(chunks: readonly Uint8Array[], asked: string[] = []): Pick<Client, 'get'> {
  return {
    async get(path) {
      asked.push(path)
      return new Response(ReadableStream.from(chunks))
    },
  }
}

async function read(
  client: Pick<Client, 'get'>,
  change: Partial<RemoteReading> = {},
): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for await (const event of remoteLog(client, { after: undefined, follow: false, ...change }))
    events.push(event)
  return events
}

suite('the log of a gateway', () => {
  test('is read in any pieces, as events without content', async () => {
    const bytes = Buffer.from(`${line}\n${line}\n`)
    const events = await read(answering([...bytes].map((byte) => Uint8Array.of(byte))))
    assert.equal(events.length, 2)
    const [event] = events
    assert.ok(event?.type === 'SessionKilled')
    assert.equal(event.data.session, 'ses_ä')
    assert.equal(event.sealed, null)
    assert.deepEqual([...event.hash, ...(event.sig ?? [])], [0xbb, 0xcc])
  })

  test('is asked for as a whole, from where one was', async () => {
    const asked: string[] = []
    await read(answering([], asked), { after: '1:2:3' as Position, follow: true })
    assert.deepEqual(asked, ['/v1/events?whole=true&after=1%3A2%3A3&follow=true'])
  })

  test('that breaks off in a line is an error', async () => {
    await assert.rejects(read(answering([Buffer.from(`${line}\n{"id"`)])), /breaks off/)
  })
})
