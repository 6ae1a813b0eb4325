import { setTimeout as sleep } from 'node:timers/promises'
import { rssBytes } from '../cpu.ts'
import type { Door } from './door.ts'

/** Resident memory of a door's process while one large answer streams through it. */
export interface Resident {
  /** After a small part of the same, which warms it up. */
  readonly before: number
  readonly peak: number
  readonly after: number
  readonly seconds: number
}

const warmBytes = 64 * 2 ** 20
const sampleMs = 20

export async function residentWhile(door: Door, amount: number): Promise<Resident> {
  const { pid } = door
  if (pid === null) throw new Error(`${door.name} has no process of its own`)
  await drain(door, warmBytes)
  const before = rssBytes(pid)
  let peak = before
  const started = performance.now()
  let reading = true
  const draining = drain(door, amount).finally(() => (reading = false))
  while (reading) {
    peak = Math.max(peak, rssBytes(pid))
    await Promise.race([draining, sleep(sampleMs)])
  }
  await draining
  return { before, peak, after: rssBytes(pid), seconds: (performance.now() - started) / 1000 }
}

async function drain({ base, headers }: Door, amount: number): Promise<void> {
  const response = await fetch(`${base}/bytes?amount=${amount}`, { headers })
  let read = 0
  if (response.body !== null) for await (const chunk of response.body) read += (chunk as Uint8Array).length
  if (response.status !== 200 || read !== amount)
    throw new Error(`${response.status}, and ${read} bytes of ${amount}`)
}
