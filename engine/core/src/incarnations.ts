import type { PlainEvent } from './followed.ts'

/** One life of a gateway, as the control stream tells of it. */
export interface IncarnationState {
  readonly writer: string
  readonly epoch: number
  /** How often it went on after its lease had lapsed. */
  readonly resumes: number
  readonly state: 'joined' | 'left' | 'lost'
}

/**
 * Which incarnations the log's control stream counts as alive. What one appends after it was declared lost is nobody's
 * word: it may have slept, and others have ended for it what it was doing. Who resumes first is not lost.
 */
export class Incarnations {
  readonly #known = new Map<string, IncarnationState>()
  /** The newest epoch of each writer that was lost: those before it are over as well. */
  readonly #lost = new Map<string, number>()

  /** `states`: where an earlier fold was. */
  constructor(states: readonly IncarnationState[] = []) {
    for (const state of states) {
      this.#set(state)
      if (state.state === 'lost')
        this.#lost.set(state.writer, Math.max(state.epoch, this.#lost.get(state.writer) ?? -1))
    }
  }

  /** Folds an event; whether it counts. */
  admits(event: PlainEvent): boolean {
    if (this.isLost(event.writer, event.epoch)) return false
    switch (event.type) {
      case 'GatewayJoined':
        return this.#set({ ...event.data, resumes: 0, state: 'joined' })
      case 'GatewayResumed':
        return this.#set({ ...this.#of(event.data), resumes: this.#of(event.data).resumes + 1 })
      case 'GatewayLeft':
        return this.#set({ ...this.#of(event.data), state: 'left' })
      case 'GatewayLost': {
        const { resumes, ...of } = event.data
        const known = this.#of(of)
        if (resumes < known.resumes || this.isLost(of.writer, of.epoch)) return false
        this.#lost.set(of.writer, of.epoch)
        return this.#set({ ...known, state: 'lost' })
      }
      default:
        return true
    }
  }

  get(writer: string, epoch: number): IncarnationState | undefined {
    return this.#known.get(keyOf(writer, epoch))
  }

  states(): readonly IncarnationState[] {
    return [...this.#known.values()]
  }

  isLost(writer: string, epoch: number): boolean {
    return epoch <= (this.#lost.get(writer) ?? -1)
  }

  /** Those of which nothing says that they ended. */
  joined(): readonly IncarnationState[] {
    return [...this.#known.values()].filter(
      ({ writer, epoch, state }) => state === 'joined' && !this.isLost(writer, epoch),
    )
  }

  #of({ writer, epoch }: Pick<IncarnationState, 'writer' | 'epoch'>): IncarnationState {
    return this.get(writer, epoch) ?? { writer, epoch, resumes: 0, state: 'joined' }
  }

  #set({ writer, epoch, resumes, state }: IncarnationState): true {
    this.#known.set(keyOf(writer, epoch), { writer, epoch, resumes, state })
    return true
  }
}

function keyOf(writer: string, epoch: number): string {
  return `${writer}/${epoch}`
}
