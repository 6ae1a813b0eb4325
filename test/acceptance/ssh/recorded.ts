import assert from 'node:assert/strict'
import type { RecordingStep } from '@sluice/api'
import type { Stage } from './stage.ts'

/** The newest session that was opened. */
export async function lastSession({ gateway }: Stage): Promise<string> {
  const opened = (await gateway.events()).filter(({ type }) => type === 'SessionOpened')
  return opened.at(-1)?.stream ?? assert.fail('there was no session')
}

/** What `sessions replay` would show of it. */
export async function recorded({ gateway, door }: Stage, session: string): Promise<readonly RecordingStep[]> {
  const { host, port } = gateway.api
  const response = await fetch(`http://${host}:${port}/v1/sessions/${session}/recording`, {
    headers: { authorization: `Bearer ${door.token ?? ''}` },
  })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordingStep)
}
