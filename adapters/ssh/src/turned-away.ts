import type { Connection, ServerChannel } from 'ssh2'
import { worded, type Refusal } from '@sluice/core'
import { handOver, type Caller } from './hand-over.ts'
import { refuse } from './refuse.ts'

/** A connection on which nothing is done: whatever is asked for is answered with the reason. */
export function tellAll(
  connection: Connection,
  reason: Refusal,
  { cut, stallMs }: Omit<Caller, 'channel'>,
): void {
  const told = reason.reference === null ? worded(reason, null) : reason
  connection.on('session', (accept) => {
    const requests = accept()
    const tell = (open: () => ServerChannel | undefined): void => {
      const channel = open()
      if (channel === undefined) return
      channel.on('error', () => {}).resume()
      channel.stderr.on('error', () => {})
      for (const reply of refuse(told)) void handOver(reply, { channel, cut, stallMs })
    }
    requests.on('exec', tell)
    requests.on('shell', tell)
    requests.on('subsystem', tell)
  })
}
