import { fileURLToPath } from 'node:url'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { startBackend, startGateway, type Backend, type Gateway, type Login } from '../src/index.ts'

export interface DoorOptions {
  /** A folder of `policies/`. */
  readonly policies: 'all' | 'masks'
  /** Rules of columns, by the names of their tables: data of `masks`. */
  readonly masked?: Readonly<Record<string, unknown>>
  /** Of the target. */
  readonly settings?: Readonly<Record<string, unknown>>
}

/** A database with tables of a suite's own. */
export class Shop implements AsyncDisposable {
  readonly backend: Backend
  /** The server itself. */
  readonly direct: Login
  readonly #provider: IdentityProvider
  readonly #parts: AsyncDisposableStack

  private constructor(backend: Backend, provider: IdentityProvider, parts: AsyncDisposableStack) {
    this.backend = backend
    this.direct = backend.login('postgres')
    this.#provider = provider
    this.#parts = parts
  }

  static async open(tables = ''): Promise<Shop> {
    await using parts = new AsyncDisposableStack()
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    const backend = await startBackend()
    parts.defer(() => backend.close())
    await backend.run('postgres', tables)
    return new Shop(backend, provider, parts.move())
  }

  /** A gateway in front of it, whose target `shop` it is. */
  async door({ policies, masked, settings }: DoorOptions): Promise<Gateway> {
    const gateway = await startGateway({
      provider: this.#provider,
      policies: fileURLToPath(new URL(`policies/${policies}`, import.meta.url)),
      ...(masked === undefined ? {} : { policyData: { masked } }),
      targets: [{ name: 'shop', login: this.direct, ...(settings === undefined ? {} : { settings }) }],
    })
    this.#parts.defer(() => gateway.close())
    return gateway
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync()
  }
}
