import { limits, type Clock, type Gate, type Listener, type PoolState } from '@sluice/core'
import type { HostKey } from '@sluice/identity'
import { adapters } from './adapters.ts'
import { CertificateFollower, certificateOf } from './certificates.ts'
import type { Config } from './config/config.ts'

export interface ListenerPorts {
  readonly base: string
  readonly clock: Clock
  readonly report: (what: string, error: unknown) => void
  /** Of SSH: by which clients know the gateway. */
  readonly host: Pick<HostKey, 'privateKey' | 'certificate'>
}

/** Where clients connect, by protocol; certificates are read again when they change. */
export class Listeners implements Disposable {
  readonly #open = new Map<string, Listener>()
  readonly #followers = new DisposableStack()

  get size(): number {
    return this.#open.size
  }

  get(protocol: string): Listener | undefined {
    return this.#open.get(protocol)
  }

  get pools(): readonly PoolState[] {
    return [...this.#open.values()].flatMap(({ pools }) => pools?.() ?? [])
  }

  async open(listen: Config['listen'], gate: Gate<unknown>, ports: ListenerPorts): Promise<void> {
    const { base, host } = ports
    for (const adapter of adapters) {
      const wanted = listen[adapter.protocol as keyof Config['listen']]
      if (wanted === null) continue
      const tls = wanted.tls === undefined ? undefined : await certificateOf(wanted.tls, base)
      const { address, stallMs, names } = wanted
      const endpoint = {
        address,
        ...(tls === undefined ? {} : { tls }),
        hostKey: host.privateKey,
        ...(names === undefined
          ? {}
          : { hostCertificate: () => host.certificate(names, limits.hostCertificateLifeMs) }),
        ...(stallMs === undefined ? {} : { stallMs }),
      }
      for (const impairment of adapter.impairments ?? []) ports.report(adapter.protocol, impairment)
      const listener = await adapter.listen(endpoint, gate)
      this.#open.set(adapter.protocol, listener)
      if (wanted.tls !== undefined && tls !== undefined)
        this.#followers.use(new CertificateFollower(ports, wanted.tls, tls, listener))
    }
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#open.values(), (listener) => listener.close()))
  }

  [Symbol.dispose](): void {
    this.#followers.dispose()
  }
}
