/** Connections to one target that its sessions take turns with, as they are; counts are since the process began. */
export interface PoolState {
  readonly target: string
  /** Open, and nobody has them. */
  readonly idle: number
  /** Sessions have them, or are about to. */
  readonly lent: number
  /** Sessions that wait for one now. */
  readonly waiting: number
  /** Sessions that had to wait, and for how long in all; those that wait still are not in it. */
  readonly waits: number
  readonly waitedMs: number
  /** Of these the ones for which none became free in time. */
  readonly refused: number
}

/** One for each target, over several processes, or over what a target was before it was changed. */
export function pooled(states: Iterable<PoolState>): readonly PoolState[] {
  const sums = new Map<string, PoolState>()
  for (const state of states) {
    const sum = sums.get(state.target)
    sums.set(state.target, sum === undefined ? state : added(sum, state))
  }
  return [...sums.values()]
}

function added(one: PoolState, other: PoolState): PoolState {
  return {
    target: one.target,
    idle: one.idle + other.idle,
    lent: one.lent + other.lent,
    waiting: one.waiting + other.waiting,
    waits: one.waits + other.waits,
    waitedMs: one.waitedMs + other.waitedMs,
    refused: one.refused + other.refused,
  }
}
