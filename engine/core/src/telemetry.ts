import type { Outcome } from './adapter.ts'
import type { RefusalCode } from './errors.ts'
import type { Ruling } from './judge.ts'
import type { Clock } from './ports.ts'
import type { Run } from './request.ts'

/**
 * Where an exchange can be, and it is at one of them at each moment: with its adapter, since the first message of its
 * batch; in its lane, waiting for its turn; judged; in the log; with people; on its way upstream until the first of its
 * answer; or being shown, masked.
 */
export type Station = 'normalise' | 'lane' | 'evaluate' | 'append' | 'hold' | 'upstream' | 'mask'

/** Of the monotonic clock, in milliseconds. */
export interface Stay {
  readonly station: Station
  readonly fromMs: number
  readonly toMs: number
}

export interface Judgement {
  readonly effect: 'allow' | 'deny' | 'hold'
  readonly rule: string
  readonly revision: string
}

/** What one exchange is, in names that the gateway or its configuration gave; never of what was asked or answered. */
export interface Traveller {
  readonly exchange: string
  readonly session: string
  readonly protocol: string
  readonly target: string
  /** Of the adapter's closed list; of several, the first. */
  readonly action: string
  readonly run: Run
}

/** All that is told of an exchange when it is over. */
export type Passed = Pick<Passage, 'of' | 'stays' | 'judgements' | 'refusal' | 'rows' | 'bytes'>

/** Whoever measures. It hears of each exchange once, when that is over, and must not throw. */
export interface Telemetry {
  passed(passage: Passed, outcome: Outcome['outcome']): void
}

/** The way of one exchange through the stations, noted as it goes. */
export class Passage {
  readonly of: Traveller
  readonly stays: Stay[] = []
  /** Each one that is in the log; the second follows a hold. */
  readonly judgements: Judgement[] = []
  refusal: RefusalCode | null = null
  rows = 0
  bytes = 0
  readonly #clock: Pick<Clock, 'monotonic'>
  #station: Station = 'normalise'
  #sinceMs: number

  constructor(of: Traveller, clock: Pick<Clock, 'monotonic'>, arrivedMs: number) {
    this.of = of
    this.#clock = clock
    this.#sinceMs = arrivedMs
    this.arrive('lane')
  }

  /** Arriving where it is already changes nothing. */
  arrive(station: Station): void {
    if (station === this.#station) return
    this.#leave()
    this.#station = station
  }

  judged({ kind, rule, revision }: Pick<Ruling<unknown>, 'kind' | 'rule' | 'revision'>): void {
    this.judgements.push({ effect: effects[kind], rule, revision })
  }

  refused(code: RefusalCode): void {
    this.refusal = code
    this.arrive('lane')
  }

  shown(rows: number, bytes: number): void {
    this.rows = rows
    this.bytes = bytes
  }

  end(outcome: Outcome['outcome'], telemetry: Telemetry): void {
    this.#leave()
    telemetry.passed(this, outcome)
  }

  #leave(): void {
    const nowMs = this.#clock.monotonic()
    this.stays.push({ station: this.#station, fromMs: this.#sinceMs, toMs: nowMs })
    this.#sinceMs = nowMs
  }
}

const effects = { allowed: 'allow', refused: 'deny', held: 'hold' } as const
