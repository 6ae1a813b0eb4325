import type { SessionFacts } from './ports.ts'

/** What was done in one session so far. */
export class SessionTally {
  #requests = 0
  #denied = 0
  #rows = 0
  #bytes = 0
  #tokens = 0
  #costMicros = 0

  /** One more request, and what came of it. */
  count(done: Partial<Omit<SessionFacts, 'requests' | 'in_flight'>>): void {
    this.#requests += 1
    this.#denied += done.denied ?? 0
    this.#rows += done.rows ?? 0
    this.#bytes += done.bytes ?? 0
    this.#tokens += done.tokens ?? 0
    this.#costMicros += done.cost_micros ?? 0
  }

  /** As SessionClosed records it. */
  get recorded(): Pick<SessionFacts, 'requests' | 'denied' | 'rows' | 'bytes'> {
    return { requests: this.#requests, denied: this.#denied, rows: this.#rows, bytes: this.#bytes }
  }

  /** Written out, since every exchange asks for it and a spread makes its object field by field. */
  facts(inFlight: number): SessionFacts {
    return {
      requests: this.#requests,
      denied: this.#denied,
      rows: this.#rows,
      bytes: this.#bytes,
      tokens: this.#tokens,
      cost_micros: this.#costMicros,
      in_flight: inFlight,
    }
  }
}
