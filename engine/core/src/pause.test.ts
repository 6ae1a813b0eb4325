import { test } from 'node:test'
import { pause } from './pause.ts'

test('a pause ends when it is over, or when the signal aborts', async () => {
  const leaving = new AbortController()
  const endless = { after: () => ({ [Symbol.dispose]: () => {} }) }
  const pausing = pause(1_000_000, endless, leaving.signal)
  leaving.abort()
  await pausing
  await pause(1_000_000, endless, leaving.signal)
})
