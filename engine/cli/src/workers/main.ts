import { Socket } from 'node:net'
import { IpcTunnels } from '@sluice/agent'
import { Channel } from '@sluice/journal'
import { channelFd, tunnelsFd, type ToSupervisor, type ToWorker } from './messages.ts'
import { Worker } from './worker.ts'

/** For the last words to be read. */
const lingerMs = 1_000

/** A worker of `sluice serve --workers`. The supervisor, and nobody else, says when it ends. */
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => {})

const inherited = (fd: number): Socket => new Socket({ fd, readable: true, writable: true })

const channel = new Channel<ToSupervisor, ToWorker>(inherited(channelFd), (message) => worker.take(message))
const tunnels = new IpcTunnels(inherited(tunnelsFd))
const worker: Worker = new Worker((message) => channel.send(message), tunnels)
// Nothing can be recorded any more, so nothing is done any more: callers see their connections close.
for (const { over } of [channel, tunnels]) void over.then(() => process.exit(1))
process.once('disconnect', () => process.exit(1))
await worker.over
channel.end()
setTimeout(() => process.exit(1), lingerMs)
