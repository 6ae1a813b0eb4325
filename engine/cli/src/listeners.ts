import type { Clock, Engine, Listener } from '@sluice/core'
import { adapters } from './adapters.ts'
import { CertificateFollower, certificateOf } from './certificates.ts'
import type { Config } from './config/config.ts'

interface ListenPorts {
  /** Relative files of certificates start here. */
  readonly base: string
  /** By what clients of SSH know the gateway. */
  readonly hostKey: string
  readonly clock: Clock
  readonly report: (what: string, error: unknown) => void
  /** What follows the files of certificates is added to it. */
  readonly parts: AsyncDisposableStack
}

/** Opens what the configuration says into `listeners`, by protocol: when one fails, those are open that are in it. */
export async function listenAll(
  config: Config['listen'],
  engine: Engine,
  listeners: Map<string, Listener>,
  { base, hostKey, clock, report, parts }: ListenPorts,
): Promise<void> {
  for (const adapter of adapters) {
    const listen = config[adapter.protocol as keyof Config['listen']]
    if (listen === null) continue
    const tls = listen.tls === undefined ? undefined : await certificateOf(listen.tls, base)
    const { address, stallMs } = listen
    const endpoint = {
      address,
      ...(tls === undefined ? {} : { tls }),
      hostKey,
      ...(stallMs === undefined ? {} : { stallMs }),
    }
    const listener = await adapter.listen(endpoint, engine)
    listeners.set(adapter.protocol, listener)
    if (listen.tls !== undefined && tls !== undefined)
      parts.use(new CertificateFollower({ clock, base, report }, listen.tls, tls, listener))
  }
}
