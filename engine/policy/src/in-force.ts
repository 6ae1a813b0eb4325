import { limits, refusal, Refused, systemClock, type Clock } from '@sluice/core'
import { accept, type AcceptPorts } from './accept.ts'
import { revisionOf, type Bundle } from './bundle.ts'
import type { Sources } from './compiler.ts'
import { finding, PolicyError, type Diagnostic } from './diagnostic.ts'
import type { Engine } from './engine.ts'
import { digestOf, readFiles, type FolderFiles } from './folder.ts'
import type { InForce, PdpOptions, Standing, Unusable } from './pdp.ts'
import { openSources, overOf, recorded, revisionIn, start, type Started } from './start.ts'
import { SpareThreads } from './spare-threads.ts'
import { WarmCompiler } from './warm-compiler.ts'

/** Makes it durable that a bundle comes into force over the files. */
type Recording = (bundle: Bundle, over: string) => Promise<void>

/** Where findings say that they are. */
const sentFiles = 'the files that were sent'

/**
 * Which policies are in force, and how others take their place: one change after another, each durable before it is
 * in force, at one moment, while what the policies before it were asked is still answered by them.
 */
export class PolicyInForce {
  readonly #options: PdpOptions
  readonly #clock: Clock
  readonly #ports: AcceptPorts
  #engine: Engine
  /** Digest of the files over which a person put something in force: they stay aside until they change. */
  #over: string | null
  #files: Standing
  #unusable: Unusable | null = null
  /** The last files, or failure, that was told. */
  #told: string
  #turn: Promise<unknown> = Promise.resolve()
  #retry: Disposable | null = null
  #closed = false

  private constructor(options: PdpOptions, clock: Clock, ports: AcceptPorts, started: Started) {
    this.#options = options
    this.#clock = clock
    this.#ports = ports
    this.#engine = started.engine
    this.#over = started.over
    this.#files = started.files
    this.#told = started.told
  }

  /** Throws `PolicyError` when neither the files nor what the log says was in force can be used. */
  static async start(options: PdpOptions): Promise<PolicyInForce> {
    const { cache = null, clock = systemClock, faulted = () => {} } = options
    await using parts = new AsyncDisposableStack()
    const compiler = parts.use(new WarmCompiler(cache, clock))
    const tester = parts.use(new WarmCompiler(cache, clock))
    const spares = parts.use(new SpareThreads())
    const ports = { compiler, tester, spares, cache, clock, faulted }
    const policies = new PolicyInForce(options, clock, ports, await start(options, ports))
    parts.move()
    return policies
  }

  get engine(): Engine {
    return this.#engine
  }

  get files(): Standing {
    return this.#files
  }

  get unusable(): Unusable | null {
    return this.#unusable
  }

  /** Reads the folder. True unless its files cannot be used. */
  reload(): Promise<boolean> {
    this.#retry?.[Symbol.dispose]()
    return this.#inTurn(async () => {
      if (this.#closed) return false
      let content: string | null = null
      try {
        const files = await readFiles(this.#options.folder)
        content = digestOf(files, 'all')
        await this.#replace(files)
        this.#told = ''
        return true
      } catch (error) {
        if (!(error instanceof PolicyError)) this.#tryAgain(error)
        else if (await this.#isWritten(content)) this.#reject(error, content)
        else this.#reloadAfter(limits.policySettleMs)
        return false
      }
    })
  }

  activate(sources: Sources, record: Recording): Promise<Bundle> {
    return this.#activate(() => openSources(sources, this.#ports, this.#engine), record)
  }

  activateFiles(files: FolderFiles, record: Recording): Promise<Bundle> {
    return this.#activate(() => accept(files, sentFiles, this.#ports), record)
  }

  follow(last: () => InForce | null): Promise<void> {
    return this.#inTurn(async () => {
      const { unusable, activated, failed } = this.#options
      // Of several that came meanwhile only the last counts.
      const wanted = last()
      if (this.#closed || wanted === null) return
      try {
        const own = await revisionOf(wanted.sources)
        // Decisions would name a revision that the log does not hold. The same sources may be served already.
        if (own !== wanted.revision && own !== this.#engine.bundle.revision)
          throw new PolicyError([anotherVersion(wanted.revision, own)])
        const next = await openSources(wanted.sources, this.#ports, this.#engine)
        await this.#put(
          next,
          async () => {},
          () => activated?.(next.bundle),
        )
        await this.#setAside(await readFiles(this.#options.folder).catch(() => null))
        this.#told = ''
        this.#unusable = null
      } catch (error) {
        const isNews = this.#isNews(String(error))
        if (error instanceof PolicyError) {
          this.#unusable = { revision: wanted.revision, why: error }
          if (isNews) unusable?.(error)
          return
        }
        if (isNews) failed?.(error)
        if (!this.#closed) this.#retry = this.#clock.after(limits.policyRetryMs, () => void this.follow(last))
      }
    })
  }

  #activate(open: () => Promise<Engine>, record: Recording): Promise<Bundle> {
    return this.#inTurn(async () => {
      if (this.#closed)
        throw new Refused(refusal('draining', 'sluice/draining', 'This gateway is shutting down.'))
      const next = await open()
      const files = await readFiles(this.#options.folder).catch(() => null)
      const over = overOf(files)
      await this.#put(next, () => record(next.bundle, over))
      this.#over = over
      await this.#setAside(files)
      this.#told = ''
      this.#unusable = null
      return next.bundle
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#retry?.[Symbol.dispose]()
    await this.#turn
    await this.#engine.close()
    const { compiler, tester, spares } = this.#ports
    await compiler[Symbol.asyncDispose]()
    await tester[Symbol.asyncDispose]()
    await spares[Symbol.asyncDispose]()
  }

  async #replace(files: FolderFiles): Promise<void> {
    const { folder, record } = this.#options
    // Files that were changed and changed back are as aside as before.
    if (this.#over === overOf(files)) return await this.#setAside(files)
    const same = (await revisionIn(files, folder)) === this.#engine.bundle.revision
    const next = same ? this.#engine : await accept(files, folder, this.#ports)
    // That the files agree ends the precedence of what a person put in force, so it is recorded as well.
    if (!same || this.#over !== null)
      await this.#put(
        next,
        async () => record?.(next.bundle, 'files'),
        () => this.#options.activated?.(next.bundle),
      )
    this.#over = null
    this.#files = 'active'
  }

  async #setAside(files: FolderFiles | null): Promise<void> {
    const revision = files === null ? null : await revisionIn(files, this.#options.folder)
    this.#files = revision === this.#engine.bundle.revision ? 'active' : 'differ'
  }

  /** Durable first, then in force; requests that came before are answered by what they were given to. */
  async #put(next: Engine, record: () => Promise<void>, inForce?: () => void): Promise<void> {
    const before = this.#engine
    if (next === before) return await record()
    await recorded(next, record)
    this.#engine = next
    try {
      inForce?.()
    } finally {
      await before.retire(this.#ports.spares)
    }
  }

  #reject(why: PolicyError, content: string | null): void {
    this.#files = 'rejected'
    if (this.#isNews(content ?? why.message)) this.#options.rejected?.(why)
  }

  #tryAgain(error: unknown): void {
    if (this.#isNews(String(error))) this.#options.failed?.(error)
    this.#reloadAfter(limits.policyRetryMs)
  }

  #reloadAfter(ms: number): void {
    if (!this.#closed) this.#retry = this.#clock.after(ms, () => void this.reload())
  }

  /** Whether the files are still what was read: files that somebody is about to write are no mistake yet. */
  async #isWritten(content: string | null): Promise<boolean> {
    const files = await readFiles(this.#options.folder).catch(() => null)
    return content === (files === null ? null : digestOf(files, 'all'))
  }

  #isNews(what: string): boolean {
    const news = this.#told !== what
    this.#told = what
    return news
  }

  /** One after another: the folder may change again while it compiles. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }
}

function anotherVersion(revision: string, own: string): Diagnostic {
  const message = `another version of Sluice activated ${revision.slice(0, 12)}, this one compiles it to ${own.slice(0, 12)}`
  return finding('version', '', message)
}
