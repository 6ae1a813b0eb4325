import type { Adapter, AdapterPayload } from 'oidc-provider'

/**
 * What the demo's provider remembers, until it ends: sessions, codes, grants and refresh tokens of people who log in.
 * Access tokens carry their own truth and are not kept.
 */
export function providerStore(): (model: string) => Adapter {
  const models = new Map<string, ModelStore>()
  const all = (): readonly ModelStore[] => [...models.values()]
  return (model) => {
    const known = models.get(model) ?? new ModelStore(all)
    models.set(model, known)
    return known
  }
}

/** No loop of requests fills the memory: what is oldest is forgotten first. */
const entriesMax = 1_000

class ModelStore implements Adapter {
  readonly #all: () => readonly ModelStore[]
  readonly #entries = new Map<string, { payload: AdapterPayload; readonly untilMs: number }>()

  constructor(all: () => readonly ModelStore[]) {
    this.#all = all
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    this.#entries.delete(id)
    this.#entries.set(id, { payload, untilMs: Date.now() + (expiresIn ?? 86_400) * 1000 })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > entriesMax && oldest !== undefined) this.#entries.delete(oldest)
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const found = this.#entries.get(id)
    return found !== undefined && found.untilMs > Date.now() ? found.payload : undefined
  }

  findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#where((payload) => payload.userCode === userCode)
  }

  findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#where((payload) => payload.uid === uid)
  }

  async consume(id: string): Promise<void> {
    const found = this.#entries.get(id)
    if (found !== undefined) found.payload = { ...found.payload, consumed: Math.floor(Date.now() / 1000) }
  }

  async destroy(id: string): Promise<void> {
    this.#entries.delete(id)
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const store of this.#all())
      for (const [id, { payload }] of store.#entries)
        if (payload.grantId === grantId) store.#entries.delete(id)
  }

  async #where(fits: (payload: AdapterPayload) => boolean): Promise<AdapterPayload | undefined> {
    for (const { payload, untilMs } of this.#entries.values())
      if (untilMs > Date.now() && fits(payload)) return payload
    return undefined
  }
}
