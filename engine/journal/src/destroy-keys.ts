import { LegalHoldFold, type EventData } from '@sluice/core'
import { announced, type AnnouncePorts } from './announce.ts'
import { controlEvents } from './control-events.ts'
import type { Log } from './log.ts'

export interface DestroyPorts extends AnnouncePorts {
  readonly log: Log
}

/** An event must stay small, however much is to be destroyed. */
const keysPerEventMax = 4_096

/**
 * Destroys data keys for good. What is to be destroyed is in the log before it is done. `false`: somebody placed a legal
 * hold that `holds` did not count, so that from there on nothing was destroyed: look again at what is held.
 */
export async function destroyKeys(
  ports: DestroyPorts,
  { keys, ...why }: EventData['KeyErased'],
): Promise<boolean> {
  for (let at = 0; at < keys.length; at += keysPerEventMax) {
    const some = keys.slice(at, at + keysPerEventMax)
    if (!(await announced(ports, { type: 'KeyErased', data: { keys: some, ...why } }))) return false
    for (const key of some) await ports.log.erase(key)
  }
  return true
}

/** After a crash: destroys again what the incarnation before had announced, since it may not have come to it. */
export async function finishDestroying(log: Log): Promise<void> {
  const holds = new LegalHoldFold()
  let last = { epoch: -1, keys: [] as number[] }
  for await (const event of controlEvents(log)) {
    holds.apply(event)
    if (event.type !== 'KeyErased' || event.writer !== log.writer || event.epoch >= log.epoch) continue
    if (event.epoch > last.epoch) last = { epoch: event.epoch, keys: [] }
    if (holds.admits(event.data)) last.keys.push(...event.data.keys)
  }
  for (const key of last.keys) await log.erase(key)
}
