import { isRunId, traceOf, type Run } from '@sluice/core'
import { isLanguage } from './normalise.ts'

/** Variables of one channel, and the bytes of all of them. */
const variablesMax = 64
const bytesMax = 16_384
const locale = /^[A-Za-z0-9_.@-]{0,64}$/

/** Of shells, loaders and usual programs: with one of these a command line is another one than was read, whoever lists it. */
const changesWhatRuns =
  /^(?:(?:LD|DYLD|BASH|GCONV|MALLOC|GIT|RSYNC)_.*|BASHOPTS|PYTHON.*|PERL5?(?:LIB|OPT|DB)|RUBY(?:LIB|OPT)|NODE_(?:OPTIONS|PATH)|PATH|CDPATH|HOME|SHELL|ENV|IFS|FPATH|PS[0-4]|SHELLOPTS|PROMPT_COMMAND|GLOBIGNORE|POSIXLY_CORRECT|_POSIX2_VERSION|LOCPATH|NLSPATH|TERMINFO.*|GREP_OPTIONS|TAR_OPTIONS|LESS(?:OPEN|CLOSE|EDIT)?|.*PAGER|EDITOR|VISUAL|JAVA_TOOL_OPTIONS|HOSTALIASES)$/

/**
 * The variables that a caller sets before it runs something. Only those are taken that the target's settings name, and
 * locales that are nothing else; what names the caller's run is for the gateway alone.
 */
export class Environment {
  readonly #allowed: readonly string[]
  readonly #variables = new Map<string, string>()
  #seen = 0
  #bytes = 0
  #run: Run = { id: null, trace_id: null }

  constructor(allowed: readonly string[]) {
    this.#allowed = allowed
  }

  get variables(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#variables)
  }

  get run(): Run {
    return this.#run
  }

  /** Whether it was taken; what is not is not set at the target either, as with a server that does not accept it. */
  set(name: string, value: string): boolean {
    this.#seen += 1
    this.#bytes += name.length + value.length
    if (this.#seen > variablesMax || this.#bytes > bytesMax) return false
    if (this.#claims(name, value)) return true
    if (!this.#takes(name, value)) return false
    this.#variables.set(name, value)
    return true
  }

  #claims(name: string, value: string): boolean {
    if (name === 'SLUICE_RUN_ID' && isRunId(value)) this.#run = { ...this.#run, id: value }
    else if (name === 'TRACEPARENT' && traceOf(value) !== null)
      this.#run = { ...this.#run, ...traceOf(value) }
    else return false
    return true
  }

  #takes(name: string, value: string): boolean {
    if (isLanguage(name)) return locale.test(value)
    if (changesWhatRuns.test(name)) return false
    if (value.includes('\0') || !value.isWellFormed() || value.includes('\ufffd')) return false
    return this.#allowed.some((allowed) =>
      allowed.endsWith('*') ? name.startsWith(allowed.slice(0, -1)) && /^\w+$/.test(name) : name === allowed,
    )
  }
}
