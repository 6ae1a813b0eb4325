import type { EventData } from '@sluice/core'

type Checkpoint = EventData['CheckpointSigned']

/** What an incarnation has signed that it wrote to one partition. */
export interface ExpectedHead {
  readonly events: number
  /** Hexadecimal. */
  readonly link: string
  /** Of these events, those that are too young to be removed. */
  readonly young: number
  /** That was all. */
  readonly closed: boolean
  /** Where that is said, for people. */
  readonly by: string
}

/** What was signed of a log, in as many places as that is kept. Of each place the newest: it covers those before it. */
export class ExpectedHeads {
  readonly #oldMs: number
  /** By incarnation and place. */
  readonly #newest = new Map<string, { readonly by: string; readonly checkpoint: Checkpoint }>()
  /** By incarnation, place and lane: events that are perhaps old enough to be removed. */
  readonly #old = new Map<string, number>()

  /** `oldMs`: what was written before, in milliseconds since 1970, may have been removed. */
  constructor(oldMs: number) {
    this.#oldMs = oldMs
  }

  /** In the order in which they were signed. */
  add(checkpoint: Checkpoint, time: number, by: string): void {
    const key = keyOf(checkpoint, by)
    const known = this.#newest.get(key)
    // What was written since the first statement that is not older is too young.
    for (const { topic, partition, events } of time < this.#oldMs || known === undefined
      ? checkpoint.heads
      : [])
      this.#old.set(`${key}/${topic}/${partition}`, events)
    if (known === undefined || checkpoint.number > known.checkpoint.number)
      this.#newest.set(key, { by, checkpoint })
  }

  /** By incarnation and lane. What two places agree on is there once. */
  byLane(): ReadonlyMap<string, readonly ExpectedHead[]> {
    const found = new Map<string, ExpectedHead[]>()
    for (const [of, { by, checkpoint }] of this.#newest)
      for (const { topic, partition, events, link } of checkpoint.heads) {
        const { writer, epoch, closed } = checkpoint
        const young = events - (this.#old.get(`${of}/${topic}/${partition}`) ?? 0)
        const key = `${writer}/${epoch}/${topic}/${partition}`
        const known = found.get(key) ?? []
        found.set(key, known)
        const head = { events, link, young, closed, by }
        if (!known.some((each) => covers(each, head))) known.push(head)
      }
    return found
  }
}

function keyOf({ writer, epoch }: Checkpoint, by: string): string {
  return `${writer}/${epoch} ${by}`
}

function covers(one: ExpectedHead, other: ExpectedHead): boolean {
  const { events, link, closed, young } = other
  return one.events === events && one.link === link && one.closed === closed && one.young >= young
}
