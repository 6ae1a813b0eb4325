import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { limits, type Json } from '@sluice/core'
import { compilerArtefact } from '@sluice/policies'
import { language, type Language } from './capabilities.ts'
import { finding, PolicyError, type Diagnostic } from './diagnostic.ts'
import { entrypoint } from './entrypoint.ts'
import { threadFile } from './thread-file.ts'

/** What its process says before it ends of something. */
export interface CompilerFailure {
  readonly failed: string
}

/** What the thread is started with. */
export interface CompilerThread {
  readonly artefact: string
  readonly digest: string
  /** Where the decompressed module is kept. */
  readonly unpacked: string | null
}

/** What the compiler works on: Rego files by path, and the base documents. */
export interface Sources {
  readonly files: Readonly<Record<string, string>>
  readonly data: Readonly<Record<string, Json>>
}

export interface TestResult {
  readonly file: string
  readonly row: number
  readonly package: string
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'errored' | 'skipped'
  /** What it printed, and why it errored. */
  readonly output: string
}

export interface FileCoverage {
  readonly file: string
  readonly percent: number
  /** Rows that tests evaluated, and those that none did, each from and to, both included; in the others is nothing to evaluate. */
  readonly covered: readonly (readonly [from: number, to: number])[]
  readonly missed: readonly (readonly [from: number, to: number])[]
}

/** What one body of one rule came to for one input. */
export interface RuleTrace {
  readonly file: string
  readonly row: number
  readonly package: string
  readonly name: string
  /** By which verdicts name it, e.g. `reporting/read`; empty for a rule that only helps others. */
  readonly id: string
  /** Its conditions were met, at least once. */
  readonly held: boolean
  /** How often they were looked at; 0: nobody asked. */
  readonly tried: number
  /** What it gave or added to a set last, as JSON text, cut where it is long; empty when it did not hold. */
  readonly value: string
  /** The condition beyond which it never came; `null` when it held or was not tried. */
  readonly failed: {
    readonly row: number
    readonly text: string
    /** What the condition looks at, as JSON text: of input, of data, and its own variables. */
    readonly values: readonly { readonly name: string; readonly value: string }[]
    /** The rules that it looks at, as `package.name`. */
    readonly uses: readonly string[]
  } | null
}

/** A verdict of OPA's own interpreter, and how every rule came to it. */
export interface Explanation extends Evaluation {
  readonly rules: readonly RuleTrace[]
}

/** What OPA's own interpreter gave for one input; neither field when the entrypoint was undefined. */
export interface Evaluation {
  readonly value?: unknown
  readonly error?: string
}

export interface Build {
  readonly wasm: Uint8Array
  /** Paths of `input` on which the policies can depend; the empty path is the whole document. */
  readonly reads: readonly (readonly string[])[]
  /** Version of OPA. */
  readonly version: string
}

interface Answer {
  readonly version: string
  readonly errors: readonly Diagnostic[]
  readonly wasm?: string
  readonly reads?: readonly (readonly string[])[] | null
  readonly formatted?: Readonly<Record<string, string>>
  readonly tests?: readonly TestResult[]
  readonly coverage?: readonly FileCoverage[]
  readonly results?: readonly Evaluation[]
  readonly explanations?: readonly Explanation[]
}

/**
 * What V8 makes of the compiler is used for a few calls only, so the time for making it fast is not well spent: a first
 * call takes a third of the time without. Nor is that for validating functions that are never called: the module is
 * what its digest says. These are settings of a whole process, hence one of its own.
 */
const unoptimised = ['--liftoff-only', '--wasm-lazy-validation']

/**
 * OPA's compiler in a process of its own: it is large, so it lives only while it is needed. One call runs at a time;
 * `PolicyError` says what is wrong with the sources.
 */
export class Compiler implements AsyncDisposable {
  readonly #language: Language
  readonly #child: ChildProcess
  #last: Promise<unknown> = Promise.resolve()
  #alive = true

  private constructor(lang: Language, child: ChildProcess) {
    this.#language = lang
    this.#child = child
    child.once('exit', () => (this.#alive = false))
    // Whoever is waiting hears of it; with nobody waiting it must not end the process.
    child.on('error', () => (this.#alive = false))
  }

  /** `cache`: a folder in which the decompressed compiler is kept, for a faster start. */
  static async open(cache: string | null): Promise<Compiler> {
    const lang = await language()
    const thread: CompilerThread = {
      artefact: compilerArtefact.href,
      digest: lang.compiler,
      unpacked: cache === null ? null : join(cache, `rego-compiler-${lang.compiler.slice(0, 16)}.wasm`),
    }
    const child = fork(threadFile('compiler-process', import.meta.url), [JSON.stringify(thread)], {
      execArgv: [...unoptimised, '--disable-warning=ExperimentalWarning'],
      env: {},
    })
    return new Compiler(lang, child)
  }

  /** False once its process has ended: it took too long over something, or died of it. */
  get alive(): boolean {
    return this.#alive
  }

  async check(sources: Sources): Promise<void> {
    await this.#call('check', sources)
  }

  async build(sources: Sources): Promise<Build> {
    const { wasm, reads, version } = await this.#call('build', sources)
    if (wasm === undefined || !Array.isArray(reads)) throw new Error('the policy compiler gave no module')
    return { wasm: Buffer.from(wasm, 'base64'), reads, version }
  }

  /**
   * Checks everything and runs the rules named `test_…`, `filter` being a regular expression over `package.name`.
   * Coverage makes it half as slow again.
   */
  async test(
    sources: Sources,
    options: { readonly filter?: string; readonly coverage?: boolean } = {},
  ): Promise<{ readonly tests: readonly TestResult[]; readonly coverage: readonly FileCoverage[] }> {
    const { tests = [], coverage = [] } = await this.#call('test', sources, options)
    return { tests, coverage }
  }

  async evaluate(sources: Sources, inputs: readonly unknown[]): Promise<readonly Evaluation[]> {
    const { results = [] } = await this.#call('eval', sources, { inputs })
    return results
  }

  /** Judges as `evaluate` does, and says of every rule what it came to; several times slower. */
  async explain(sources: Sources, inputs: readonly unknown[]): Promise<readonly Explanation[]> {
    const { explanations = [] } = await this.#call('explain', sources, { inputs })
    return explanations
  }

  /** Files whose formatted text differs, with that text. */
  async format(files: Sources['files']): Promise<Readonly<Record<string, string>>> {
    const { formatted = {} } = await this.#send({ op: 'fmt', files })
    return formatted
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#alive) return
    const end = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await end
  }

  #call(op: string, sources: Sources, more: object = {}): Promise<Answer> {
    const { builtins, inputSchema, library } = this.#language
    return this.#send({
      op,
      files: { ...sources.files, ...library },
      library: Object.keys(library),
      data: sources.data,
      builtins,
      input_schema: inputSchema,
      entrypoint,
      ...more,
    })
  }

  #send(request: object): Promise<Answer> {
    const next = this.#last.then(() => exchange(this.#child, JSON.stringify(request)))
    this.#last = next.catch(() => {})
    return next.then((text) => {
      const answer = JSON.parse(text) as Answer
      if (answer.errors.length > 0) throw new PolicyError(answer.errors)
      return answer
    })
  }
}

/** Works with the compiler that is lent, or with one of its own that is gone afterwards. */
export async function withCompiler<Result>(
  lent: Compiler | undefined,
  cache: string | null,
  work: (compiler: Compiler) => Promise<Result>,
): Promise<Result> {
  if (lent !== undefined) return await work(lent)
  await using own = await Compiler.open(cache)
  return await work(own)
}

/** A compiler that does not answer in time, or dies of its input, has found that input unusable. */
function exchange(child: ChildProcess, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void): void => {
      clearTimeout(timer)
      child.off('message', onMessage).off('error', onError).off('exit', onExit)
      done()
    }
    const fail = (message: string): void =>
      settle(() => reject(new PolicyError([finding('compiler_error', '', message)])))
    const onMessage = (answer: unknown): void => {
      if (typeof answer === 'string') settle(() => resolve(answer))
      else fail(`the policy compiler failed: ${(answer as CompilerFailure).failed}`)
    }
    const onError = (error: Error): void => fail(`the policy compiler failed: ${error.message}`)
    const onExit = (): void => fail('the policy compiler has stopped')
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`the policy compiler took longer than ${limits.policyCompileMs / 1000} s`)
    }, limits.policyCompileMs)
    child.on('message', onMessage).on('error', onError).on('exit', onExit)
    child.send(request, (error) => {
      if (error !== null) onExit()
    })
  })
}
