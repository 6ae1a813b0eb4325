import type { ConnectionLoad, Session } from '@sluice/core'
import type { HttpSettings } from './target.ts'
import { Upstream } from './upstream.ts'

/** One set of connections for each target, for as long as its settings stay as they are. */
export class Upstreams {
  readonly #pseudonym: string
  readonly #known = new Map<string, { readonly settings: HttpSettings; readonly upstream: Upstream }>()

  constructor(pseudonym: string) {
    this.#pseudonym = pseudonym
  }

  of(session: Session<HttpSettings>): Upstream {
    const { target } = session
    const dial = (): ReturnType<typeof session.dial> => session.dial()
    const known = this.#known.get(target.name)
    if (known?.settings === target.settings) {
      known.upstream.through(dial)
      return known.upstream
    }
    void known?.upstream.close()
    const upstream = new Upstream(target, dial, this.#pseudonym)
    this.#known.set(target.name, { settings: target.settings, upstream })
    return upstream
  }

  /** Of a target that was asked something. */
  load(target: string): ConnectionLoad | undefined {
    return this.#known.get(target)?.upstream.load
  }

  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ upstream }) => upstream.close()))
  }
}
