import { type Session } from '@sluice/core'
import type { Catalogue } from './catalogue.ts'
import { readCatalogue } from './catalogue-reader.ts'
import { unreachable } from './dial.ts'
import type { PostgresSettings } from './target.ts'
import { sqlLimits } from './limits.ts'

export type ReadCatalogue = typeof readCatalogue

/** The names of one target, shared by all of its connections and read again when they may have changed. */
export class CatalogueSource {
  readonly #read: ReadCatalogue
  readonly #invalidated: () => void
  #current: Catalogue | undefined
  #readAtMs = 0
  /** Counts reasons to read again; a read that began before the last one does not satisfy it. */
  #wanted = 1
  #served = 0
  #reading: Promise<Catalogue> | undefined

  /** `invalidated`: hears that something changed the schema here. */
  constructor(read: ReadCatalogue = readCatalogue, invalidated: () => void = () => {}) {
    this.#read = read
    this.#invalidated = invalidated
  }

  /** Something changed the schema through this process. */
  invalidate(): void {
    this.changedElsewhere()
    this.#invalidated()
  }

  /** Something changed it through another process of this gateway. */
  changedElsewhere(): void {
    this.#wanted++
  }

  /** Nothing is known to have changed since it was read. */
  isNewest(catalogue: Catalogue): boolean {
    return this.#current === catalogue && this.#served >= this.#wanted
  }

  /** Synchronous while the last read serves. Rejects with `Refused` when there is no picture to judge by. */
  current(session: Session<PostgresSettings>): Catalogue | Promise<Catalogue> {
    const ageMs = performance.now() - this.#readAtMs
    if (this.#current === undefined || this.#served < this.#wanted) return this.#fresh(session)
    if (ageMs < sqlLimits.catalogueLifeMs) return this.#current
    const reading = this.#fresh(session)
    if (ageMs >= 2 * sqlLimits.catalogueLifeMs) return reading
    // Read in the background: the old picture serves for one more life, but not if reading fails for that long.
    reading.catch(() => {})
    return this.#current
  }

  /** A name was not found: it may be newer than the picture. At most one read each `catalogueRetryMs`. */
  again(session: Session<PostgresSettings>): Catalogue | Promise<Catalogue> {
    if (this.#current !== undefined && performance.now() - this.#readAtMs < sqlLimits.catalogueRetryMs)
      return this.current(session)
    return this.#fresh(session)
  }

  /** A read that begins now, whatever is known already. */
  anew(session: Session<PostgresSettings>): Promise<Catalogue> {
    this.#wanted++
    return this.#fresh(session)
  }

  async #fresh(session: Session<PostgresSettings>): Promise<Catalogue> {
    for (;;) {
      const wanted = this.#wanted
      const catalogue = await (this.#reading ??= this.#load(session, wanted))
      if (this.#served >= wanted) return catalogue
    }
  }

  async #load(session: Session<PostgresSettings>, wanted: number): Promise<Catalogue> {
    try {
      const startedMs = performance.now()
      const catalogue = await this.#read(session, this.#current)
      this.#current = catalogue
      this.#readAtMs = startedMs
      this.#served = wanted
      return catalogue
    } catch (error) {
      throw unreachable('its catalogue could not be read.', { cause: error })
    } finally {
      this.#reading = undefined
    }
  }
}
