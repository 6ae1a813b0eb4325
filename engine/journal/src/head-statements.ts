import type { Clock } from '@sluice/core'
import { CheckpointCourier, type CheckpointOutlet, type OutletState } from './checkpoint-courier.ts'
import type { Report } from './data-keys.ts'
import type { Head } from './head.ts'
import type { IncarnationOf } from './incarnation.ts'
import type { Signer } from './keys.ts'
import { embeddedLog, signedLine, statementKind } from './statement.ts'

export interface HeadStatementsPorts {
  readonly incarnation: IncarnationOf
  readonly signer: Signer
  readonly clock: Clock
  readonly report: Report
  readonly outlets: readonly CheckpointOutlet[]
}

const paceMs = 10_000

/** Takes the head of a log on this machine to where its operator does not reach, as a statement of how far it went. */
export class HeadStatements {
  readonly #ports: HeadStatementsPorts
  readonly #couriers: readonly CheckpointCourier[]

  constructor(ports: HeadStatementsPorts) {
    const { clock, report, outlets } = ports
    this.#ports = ports
    this.#couriers = outlets.map((outlet) => new CheckpointCourier(outlet, { clock, report, paceMs }))
  }

  /** Call once the head is written. */
  state({ generation, events, link, closed }: Head): void {
    const { incarnation, signer, clock } = this.#ports
    if (this.#couriers.length === 0) return
    const heads = [{ topic: embeddedLog, partition: 0, events, link: Buffer.from(link).toString('hex') }]
    const of = { kind: statementKind, log: embeddedLog, time: clock.now(), ...incarnation } as const
    const line = signedLine({ ...of, number: generation, closed, heads }, signer)
    for (const courier of this.#couriers) courier.send(line)
  }

  get outlets(): readonly OutletState[] {
    return this.#couriers.map(({ state }) => state)
  }

  /** Resolves once the outlets have what was stated last, or did not take it in time. */
  async left(): Promise<void> {
    await Promise.all(this.#couriers.map((courier) => courier.close()))
  }
}
