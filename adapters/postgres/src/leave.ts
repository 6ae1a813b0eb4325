import type { Duplex } from 'node:stream'
import { terminate } from './constants.ts'

/** How long a server may take to hang up after it was told to. */
const farewellMs = 1_000

/**
 * Ends a connection to a server. What it still has to say must be read, or it never comes to hear of that; nobody wants
 * it any more.
 */
export function leave(socket: Duplex): void {
  if (socket.destroyed) return
  socket.resume().end(terminate)
  const timer = setTimeout(() => socket.destroy(), farewellMs)
  socket.once('close', () => clearTimeout(timer))
}
