import { controlStream, Incarnations, LegalHoldFold, type RecordedEvent } from '@sluice/core'

/** What the log itself needs to know of its control stream. */
export class ControlView {
  readonly incarnations: Incarnations = new Incarnations()
  readonly holds: LegalHoldFold = new LegalHoldFold()
  /** What gateways said that they set topics to, in milliseconds. */
  readonly retentionMs: Map<string, number> = new Map()
  readonly #erased = new Set<number>()
  readonly #awaited = new Map<string, (counts: boolean) => void>()
  /** Of whoever joined first: all others must have the same. */
  publicKey: string | undefined

  take(event: RecordedEvent): void {
    if (event.stream !== controlStream || event.sig === null) return
    const counts = this.incarnations.admits(event)
    this.#awaited.get(event.id)?.(counts)
    if (!counts) return
    if (event.type === 'GatewayJoined') this.publicKey ??= event.data.public_key
    this.holds.apply(event)
    if (event.type === 'TopicRetentionSet') this.retentionMs.set(event.data.topic, event.data.retention_ms)
    if (event.type === 'KeyErased' && this.holds.admits(event.data))
      for (const key of event.data.keys) this.#erased.add(key)
  }

  isErased(key: number): boolean {
    return this.#erased.has(key)
  }

  /** Whether the event of this id counts, once it is read. Never rejects. */
  reads(id: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.#awaited.set(id, (counts) => {
        this.#awaited.delete(id)
        resolve(counts)
      })
    })
  }
}
