import { setTimeout as sleep } from 'node:timers/promises'

const patienceMs = 45_000
const lookMs = 20

/** Waits for what happens on the other side of a gateway. */
export async function comesTrue(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const late = performance.now() + patienceMs
  while (!(await look())) {
    if (performance.now() > late) throw new Error(`it does not come true: ${what}`)
    await sleep(lookMs)
  }
}
