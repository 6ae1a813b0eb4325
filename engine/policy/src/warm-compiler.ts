import { limits, type Clock } from '@sluice/core'
import { Compiler, type Build, type Sources, type TestResult } from './compiler.ts'

/**
 * A compiler that stays a while after its work: its next work takes a tenth of the time. Opened when it is first
 * needed, opened anew when it died, gone after `limits.policyCompilerIdleMs` without work.
 */
export class WarmCompiler implements AsyncDisposable {
  readonly #cache: string | null
  readonly #clock: Clock
  #compiler: Compiler | null = null
  #working = 0
  #idle: Disposable | null = null

  constructor(cache: string | null, clock: Clock) {
    this.#cache = cache
    this.#clock = clock
  }

  /** Throws `PolicyError`. */
  build(sources: Sources): Promise<Build> {
    return this.lend((compiler) => compiler.build(sources))
  }

  /** Checks everything and runs the tests. Throws `PolicyError`. */
  async test(sources: Sources): Promise<readonly TestResult[]> {
    return (await this.lend((compiler) => compiler.test(sources))).tests
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#idle?.[Symbol.dispose]()
    await this.#end()
  }

  /** Throws what `work` does. */
  async lend<Result>(work: (compiler: Compiler) => Promise<Result>): Promise<Result> {
    this.#working++
    this.#idle?.[Symbol.dispose]()
    try {
      if (this.#compiler?.alive !== true) this.#compiler = await Compiler.open(this.#cache)
      return await work(this.#compiler)
    } finally {
      this.#working--
      if (this.#working === 0)
        this.#idle = this.#clock.after(limits.policyCompilerIdleMs, () => void this.#end())
    }
  }

  async #end(): Promise<void> {
    const compiler = this.#compiler
    this.#compiler = null
    await compiler?.[Symbol.asyncDispose]()
  }
}
