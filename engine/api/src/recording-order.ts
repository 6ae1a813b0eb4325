import {
  controlStream,
  limits,
  type Clock,
  type EventStore,
  type Position,
  type RecordedEvent,
} from '@sluice/core'
import { ControlSteps } from './recording-control.ts'
import { SessionSteps, type ContentPorts } from './recording-session.ts'
import type { RecordingStep } from './recording-step.ts'

export interface ReplayPorts extends ContentPorts {
  readonly store: Pick<EventStore, 'read' | 'subscribe'>
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/** What runs when a session ends is cancelled; how that went is recorded once it is known, and so behind the end. */
const outcomesMs = limits.cancelWaitMs + limits.appendWaitMs

/**
 * A session from its opening to its end, or to the present end of the log; with `follow` what comes as well, until it is
 * over and the outcome of all that ran in it is told, or the signal aborts. The two streams that tell of it have no common
 * order: what is in the control stream comes by its time, in its own order.
 */
export async function* replay(
  id: string,
  ports: ReplayPorts,
  follow: AbortSignal | undefined,
): AsyncGenerator<RecordingStep> {
  const story = new Story(id, ports)
  for await (const event of ports.store.read(undefined, id)) {
    const steps = await story.session(event)
    if (!story.knowsControl) await story.readControl()
    yield* story.before(event)
    yield* steps
  }
  yield* story.rest()
  if (follow !== undefined && story.waitMs > 0) yield* story.follow(follow)
}

class Story {
  over = false
  knowsControl = false
  readonly #id: string
  readonly #store: ReplayPorts['store']
  readonly #clock: ReplayPorts['clock']
  readonly #session: SessionSteps
  readonly #control: ControlSteps
  #position: Position | undefined
  #controlPosition: Position | undefined
  /** Of the control stream, not told yet. */
  #waiting: RecordingStep[] = []

  constructor(id: string, ports: ReplayPorts) {
    this.#id = id
    this.#store = ports.store
    this.#clock = ports.clock
    this.#session = new SessionSteps(id, ports)
    this.#control = new ControlSteps(id, (writer, epoch) => this.#session.own.isOf(writer, epoch))
  }

  /** How long something of it may still come. */
  get waitMs(): number {
    const { closedAt, runs } = this.#session
    if (closedAt === null) return this.over ? 0 : Infinity
    return runs ? Math.min(outcomesMs, closedAt + outcomesMs - this.#clock.now()) : 0
  }

  async session(event: RecordedEvent): Promise<readonly RecordingStep[]> {
    this.#position = event.position
    // A store may hand out more than it is asked for.
    if (event.stream !== this.#id) return []
    const steps = await this.#session.take(event)
    this.over ||= this.#session.closedAt !== null
    return steps
  }

  async readControl(): Promise<void> {
    this.knowsControl = true
    for await (const event of this.#store.read(undefined, controlStream))
      this.#waiting.push(...this.#told(event))
  }

  /** What happened before an event of the session; what is asked for in the same moment comes behind it. */
  *before({ time }: RecordedEvent): Generator<RecordingStep> {
    const now = new Date(time).toISOString()
    for (let [step] = this.#waiting; step !== undefined; [step] = this.#waiting) {
      const asked = step.step === 'approval' && step.what === 'requested'
      if (step.at > now || (step.at === now && asked)) return
      this.#waiting.shift()
      yield* this.#still(step)
    }
  }

  *rest(): Generator<RecordingStep> {
    for (const step of this.#waiting.splice(0)) yield* this.#still(step)
  }

  async *follow(signal: AbortSignal): AsyncGenerator<RecordingStep> {
    const leaving = new AbortController()
    const left = AbortSignal.any([signal, leaving.signal])
    using waiting = new DisposableStack()
    const ends = (): void => void waiting.use(this.#clock.after(this.waitMs, () => leaving.abort()))
    if (this.over) ends()
    try {
      for await (const step of either(this.#comingSession(left), this.#comingControl(left))) {
        yield step
        if (step.step === 'closed') ends()
        if (step.step === 'lost') return
      }
    } finally {
      leaving.abort()
    }
  }

  async *#comingSession(left: AbortSignal): AsyncGenerator<RecordingStep> {
    for await (const event of this.#store.subscribe(this.#position, left, this.#id)) {
      const steps = await this.session(event)
      if (followsControl(event)) yield* this.#caughtUp()
      yield* steps
      if (this.waitMs <= 0) return
    }
  }

  /** What is in the control stream by now, which may be on its way by the other subscription. */
  async *#caughtUp(): AsyncGenerator<RecordingStep> {
    for await (const event of this.#store.read(this.#controlPosition, controlStream))
      for (const step of this.#told(event)) yield* this.#still(step)
  }

  async *#comingControl(left: AbortSignal): AsyncGenerator<RecordingStep> {
    for await (const event of this.#store.subscribe(this.#controlPosition, left, controlStream))
      for (const step of this.#told(event)) yield* this.#still(step)
  }

  #told(event: RecordedEvent): readonly RecordingStep[] {
    this.#controlPosition = event.position
    return this.#control.take(event)
  }

  /** A gateway that was lost after a session had ended, or once more, says nothing of it. */
  *#still(step: RecordingStep): Generator<RecordingStep> {
    if (step.step === 'lost' && this.over) return
    this.over ||= step.step === 'lost'
    yield step
  }
}

/** Written once the control stream held what it is about: a release by people, or that somebody ended the session. */
function followsControl({ type, data }: RecordedEvent): boolean {
  return type === 'SessionClosed' || (type === 'DecisionMade' && data.approvals !== '[]')
}

/** What comes from either, as it comes, until one ends. Who leaves makes both end by the signal that they were given. */
async function* either<T>(...sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]())
  const coming = new Map(iterators.map((iterator) => [iterator, nextOf(iterator)]))
  try {
    for (;;) {
      const { iterator, result } = await Promise.race(coming.values())
      if (result.done === true) return
      coming.set(iterator, nextOf(iterator))
      yield result.value
    }
  } finally {
    for (const next of coming.values()) next.catch(() => {})
  }
}

async function nextOf<T>(iterator: AsyncIterator<T>): Promise<{
  readonly iterator: AsyncIterator<T>
  readonly result: IteratorResult<T>
}> {
  return { iterator, result: await iterator.next() }
}
