import { once } from 'node:events'
import { lstat, unlink } from 'node:fs/promises'
import { connect, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Address } from '@sluice/core'

/** Where applications find the sidecar: an address, or a socket in the file system that only its owner opens. */
export type Place =
  { readonly kind: 'address'; readonly address: Address } | { readonly kind: 'socket'; readonly path: string }

/** libpq looks for `.s.PGSQL.<port>` in a folder. */
export function socketIn(folder: string, protocol: string, target: string): string {
  return join(folder, protocol === 'postgres' ? '.s.PGSQL.5432' : `${target}.sock`)
}

export interface Listening {
  readonly place: Place
  /** Accepts no more, and cuts what is open. Idempotent. */
  close(): Promise<void>
}

/** Resolves when it is open; rejects when it cannot be. */
export async function listen(server: Server, place: Place): Promise<Listening> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  if (place.kind === 'socket') await listenAtSocket(server, place.path)
  else await once(server.listen(place.address), 'listening')
  const bound = server.address()
  let closing: Promise<unknown> | undefined
  return {
    place:
      typeof bound === 'object' && bound !== null
        ? { kind: 'address', address: { host: bound.address, port: bound.port } }
        : place,
    close: async () => {
      closing ??= once(server.close(), 'close')
      for (const socket of open) socket.destroy()
      await closing
    },
  }
}

/** It is its owner's from the moment it is there: a mode that is set later leaves a gap. */
async function listenAtSocket(server: Server, path: string): Promise<void> {
  await removeLeftover(path)
  const before = process.umask(0o177)
  try {
    // The file is made before this returns.
    server.listen({ path })
  } finally {
    process.umask(before)
  }
  await once(server, 'listening')
}

async function removeLeftover(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} is there and is no socket: name another folder`)
  if (await answers(path)) throw new Error(`${path} is in use: another sluice connect listens there`)
  await unlink(path)
}

async function answers(path: string): Promise<boolean> {
  const socket = connect({ path })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
