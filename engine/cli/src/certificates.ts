import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Certificate, Clock, Listener } from '@sluice/core'
import type { ListenConfig } from './config/config.ts'

type Files = NonNullable<ListenConfig['tls']>

/** What the named files hold. Rejects when they cannot be read. */
export async function certificateOf({ cert, key }: Files, base: string): Promise<Certificate> {
  const [certText, keyText] = await Promise.all(
    [cert, key].map((file) => readFile(resolve(base, file), 'utf8')),
  )
  return { cert: certText ?? '', key: keyText ?? '' }
}

export interface CertificatePorts {
  readonly clock: Pick<Clock, 'after'>
  readonly base: string
  readonly report: (what: string, error: unknown) => void
}

/** How often the files are looked at. */
const lookMs = 5_000

/**
 * Certificates are renewed by whoever issues them, in place, and long before the gateway is started again: a listener
 * shows the new one as soon as both of its files are there and belong together. Until then, the old one stays.
 */
export class CertificateFollower implements Disposable {
  readonly #ports: CertificatePorts
  readonly #files: Files
  readonly #listener: Pick<Listener, 'renew'>
  #shown: Certificate
  /** What was wrong when they were last looked at, and what of it was told. */
  #wrong: string | undefined
  #told: string | undefined
  #next: Disposable | undefined
  #stopped = false

  constructor(ports: CertificatePorts, files: Files, shown: Certificate, listener: Pick<Listener, 'renew'>) {
    this.#ports = ports
    this.#files = files
    this.#shown = shown
    this.#listener = listener
    this.#wait()
  }

  [Symbol.dispose](): void {
    this.#stopped = true
    this.#next?.[Symbol.dispose]()
  }

  #wait(): void {
    if (!this.#stopped)
      this.#next = this.#ports.clock.after(lookMs, () => void this.#look().then(() => this.#wait()))
  }

  async #look(): Promise<void> {
    try {
      const found = await certificateOf(this.#files, this.#ports.base)
      if (found.cert !== this.#shown.cert || found.key !== this.#shown.key) this.#show(found)
      this.#wrong = undefined
      this.#told = undefined
    } catch (error) {
      this.#complain(error)
    }
  }

  /** Throws when the two do not belong together, as while only one of them has been written. */
  #show(certificate: Certificate): void {
    // What is empty is left out of a context, which then has nothing to show.
    if (certificate.cert === '' || certificate.key === '') throw new Error('one of its files is empty')
    createSecureContext(certificate)
    if (this.#stopped) return
    this.#listener.renew(certificate)
    this.#shown = certificate
  }

  /** Once for the same thing, and not at the first look: the other file may be about to be written. */
  #complain(error: unknown): void {
    const wrong = error instanceof Error ? error.message : String(error)
    if (wrong === this.#wrong && wrong !== this.#told) {
      this.#ports.report('the new certificate cannot be used; the old one stays', error)
      this.#told = wrong
    }
    this.#wrong = wrong
  }
}
