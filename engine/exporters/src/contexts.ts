import { limits } from '@sluice/core'
import type { Changes, Kept, Offsets } from './offsets.ts'

/**
 * What later events need to know of earlier ones. What one batch began and ended never reaches the disk; the rest
 * does when the batch is done, so memory holds little however many sessions are open.
 */
export class Contexts {
  readonly #offsets: Pick<Offsets, 'get'>
  /** Read or kept lately, newest last. */
  readonly #recent = new Map<string, Kept>()
  #young = new Map<string, Kept | null>()
  #closed: Changes['closed'][number][] = []
  #lost: Changes['lost'][number][] = []

  constructor(offsets: Pick<Offsets, 'get'>) {
    this.#offsets = offsets
  }

  get(key: string): Kept | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young ?? undefined
    const known = this.#recent.get(key) ?? this.#offsets.get(key)
    if (known !== undefined) this.#remember(key, known)
    return known
  }

  put(key: string, kept: Kept): void {
    this.#young.set(key, kept)
  }

  /** Nothing later needs it. */
  drop(key: string): void {
    this.#young.set(key, null)
  }

  /** Everything of the session is forgotten a while later. */
  close(session: string, timeMs: number): void {
    this.#closed.push({ session, timeMs })
  }

  /** The same of everything that an incarnation and those before it wrote. */
  lose(writer: string, epoch: number, timeMs: number): void {
    this.#lost.push({ writer, epoch, timeMs })
  }

  get changes(): Changes {
    return { kept: this.#young, closed: this.#closed, lost: this.#lost }
  }

  /** The changes are on disk. */
  settle(): void {
    for (const [key, kept] of this.#young)
      if (kept === null) this.#recent.delete(key)
      else this.#remember(key, kept)
    this.#young = new Map()
    this.#closed = []
    this.#lost = []
  }

  #remember(key: string, kept: Kept): void {
    this.#recent.delete(key)
    this.#recent.set(key, kept)
    const [oldest] = this.#recent.keys()
    if (this.#recent.size > limits.exportContextsInMemoryMax && oldest !== undefined)
      this.#recent.delete(oldest)
  }
}
