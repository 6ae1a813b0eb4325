import { randomFillSync, randomInt } from 'node:crypto'
import type { Clock, Ids } from './ports.ts'

/** The machine's clock. Timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    // setTimeout cannot wait longer than 2^31-1 ms and would fire at once instead.
    const timer = setTimeout(callback, Math.min(ms, 2 ** 31 - 1)).unref()
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const timeChars = 10
const counterChars = 5
const randomChars = 11
/** Random bytes are drawn in blocks: one call for each identifier would cost more than the rest of it. */
const randomBlockBytes = 1_024 * randomChars

/**
 * Identifiers of 26 Crockford characters: 50 bits of milliseconds, a counter within the process, and 55 random
 * bits that are drawn anew each millisecond. Ascending in one process, unguessable from outside.
 */
export function systemIds(clock: Clock): Ids {
  let lastMs = -1
  let counter = 0
  let head = ''
  let tail = ''
  const random = randomTexts()
  return {
    next: (prefix) => {
      const now = clock.now()
      if (now > lastMs || counter >= 2 ** (5 * counterChars)) {
        lastMs = Math.max(now, lastMs + 1)
        counter = 0
        head = encode(lastMs, timeChars)
        tail = random()
      }
      return `${prefix}_${head}${encode(counter++, counterChars)}${tail}`
    },
    random32: () => randomInt(-(2 ** 31), 2 ** 31),
  }
}

/** Texts of `randomChars` random characters, each used once. */
function randomTexts(): () => string {
  const block = new Uint8Array(randomBlockBytes)
  let at = block.length
  return () => {
    if (at === block.length) {
      randomFillSync(block)
      at = 0
    }
    let text = ''
    for (const end = at + randomChars; at < end; at++) text += crockford.charAt((block[at] ?? 0) & 31)
    return text
  }
}

function encode(value: number, chars: number): string {
  let text = ''
  for (let rest = value; text.length < chars; rest = Math.floor(rest / 32))
    text = crockford.charAt(rest % 32) + text
  return text
}
