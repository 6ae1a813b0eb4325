import type { Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'

/** Both directions until both are over; when one breaks, so does the other. */
export async function relay(client: Socket, upstream: Socket): Promise<void> {
  await Promise.all([pipeline(client, upstream), pipeline(upstream, client)]).catch(() => {
    client.destroy()
    upstream.destroy()
  })
}
