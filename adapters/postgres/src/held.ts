import type { Hold } from '@sluice/core'
import { back } from './messages.ts'
import type { Outbox } from './outbox.ts'
import { buildError, frame } from './wire.ts'

/** Shorter than the idle limits of load balancers, which begin at a minute. */
const heartbeatMs = 15_000

/** A setting that every server reports, and its present value: to report it again tells a client nothing new. */
export interface Heartbeat {
  readonly name: string
  readonly value: string
}

/**
 * Tells the client once that its request waits for people, in a notice, and then keeps the connection alive by
 * reporting a setting that has not changed, which no client library shows to anybody.
 */
export function tellHeld(client: Outbox, hold: Hold, heartbeat: () => Heartbeat): Disposable {
  client.push(notice(hold))
  const timer = setInterval(() => {
    const { name, value } = heartbeat()
    client.push(frame(back.parameterStatus, Buffer.from(`${name}\0${value}\0`)))
  }, heartbeatMs).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

function notice({ reference, message, link, waitMs }: Hold): Buffer {
  const where = link === null ? '' : ` See ${link}.`
  const seconds = Math.max(1, Math.round(waitMs / 1_000))
  return buildError(
    back.noticeResponse,
    new Map([
      ['S', 'NOTICE'],
      ['V', 'NOTICE'],
      ['C', '00000'],
      ['M', `Waiting up to ${seconds} s for an approval (ref ${reference}): ${oneLine(message)}${where}`],
    ]),
  )
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()
}
