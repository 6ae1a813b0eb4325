import { quantile } from '../statistics.ts'
import type { Door } from './door.ts'

/** How old events are when they arrive; the first ones find connections and code cold. */
export interface EventDelays {
  readonly p50Micros: number
  readonly p99Micros: number
}

const everySecond = 200
const cold = 20

/** Reads one stream of events to its end. */
export async function eventDelays({ base, headers }: Door, seconds: number): Promise<EventDelays> {
  const response = await fetch(`${base}/events?amount=${cold + seconds * everySecond}`, { headers })
  if (response.status !== 200 || response.body === null)
    throw new Error(`no events: ${response.status} ${await response.text()}`)
  const delays: number[] = []
  const decoder = new TextDecoder()
  let begun = ''
  for await (const chunk of response.body) {
    const now = process.hrtime.bigint()
    const whole = (begun + decoder.decode(chunk, { stream: true })).split('\n\n')
    begun = whole.pop() ?? ''
    for (const event of whole) delays.push(Number(now - BigInt(event.slice('data: '.length))) / 1000)
  }
  const warm = delays.slice(cold)
  return { p50Micros: quantile(warm, 0.5), p99Micros: quantile(warm, 0.99) }
}
