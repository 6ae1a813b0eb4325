import { loadModule, parseSync, SqlError } from 'libpg-query'
import { Worker } from 'node:worker_threads'
import { refusal, type Refusal } from '@sluice/core'
import { secretsOf, type Secrets } from './redact/text.ts'
import { sqlLimits } from './limits.ts'

/** What libpg_query makes of one text: its tree and the secrets in it, or why it is none. */
export type Parsed =
  | { readonly kind: 'tree'; readonly tree: unknown; readonly secrets?: Secrets | undefined }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** PostgreSQL's own parser, once compiled for the process. */
await loadModule()

const nothing: Parsed = { kind: 'tree', tree: { stmts: [] } }

/** Parses on this thread: for short texts only, since its time grows with the text. */
export function parseHere(text: string): Parsed {
  // libpg_query calls an empty text an error; to the server it is an empty query.
  if (text === '') return nothing
  try {
    const tree: unknown = parseSync(text)
    return { kind: 'tree', tree, secrets: secretsOf(Buffer.from(text).toString('latin1'), true) }
  } catch (error) {
    return { kind: 'refused', refusal: refusalFor(error) }
  }
}

/** A syntax error as the server words it; anything else (memory, stack) is a text that nobody can vouch for. */
function refusalFor(error: unknown): Refusal {
  if (error instanceof SqlError && error.sqlDetails !== undefined && !/memory|stack/i.test(error.message))
    return refusal('malformed', 'adapter/parse', error.sqlDetails.message, '42601')
  return refusal('too_large', 'adapter/limits', 'The statement is too complex to be analysed.', '54001')
}

const tooSlow = refusal(
  'too_large',
  'adapter/limits',
  'The statement takes too long to be analysed.',
  '54001',
)
const tooMany = refusal(
  'too_many',
  'adapter/limits',
  'Too many large statements wait to be analysed. Try later.',
)

/** The thread's first word: the time that it took to start is no statement's. */
export const parserReady = 'ready'

interface Waiting {
  readonly text: string
  readonly settle: PromiseWithResolvers<Parsed>
}

/**
 * Parses large texts in a thread of its own, one after another, each under a deadline: a hostile text costs its
 * sender that time and everybody else nothing. A thread that overran is ended and replaced.
 */
export class ParserThread {
  #worker: Worker | undefined
  /** It has loaded the parser. */
  #ready: Promise<void> = Promise.resolve()
  readonly #queue: Waiting[] = []
  #timer: NodeJS.Timeout | undefined

  parse(text: string): Promise<Parsed> {
    if (this.#queue.length >= sqlLimits.statementsWaitingMax)
      return Promise.resolve({ kind: 'refused', refusal: tooMany })
    const waiting: Waiting = { text, settle: Promise.withResolvers() }
    this.#queue.push(waiting)
    if (this.#queue.length === 1) this.#next()
    return waiting.settle.promise
  }

  async close(): Promise<void> {
    for (const { settle } of this.#queue.splice(0)) settle.resolve({ kind: 'refused', refusal: tooMany })
    await this.#stop()
  }

  #next(): void {
    const [head] = this.#queue
    if (head === undefined) {
      // An idle thread must not keep the process alive.
      this.#worker?.unref()
      return
    }
    const worker = (this.#worker ??= this.#start())
    worker.ref()
    this.#timer = setTimeout(() => this.#overran(), sqlLimits.parserStartMs)
    void this.#ready.then(() => {
      if (worker !== this.#worker) return
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#overran(), sqlLimits.statementParseMs)
      worker.postMessage(head.text)
    })
  }

  #start(): Worker {
    const file = new URL(`./parse-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
    const worker = new Worker(file, {
      execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'],
      env: {},
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ready = promise
    worker.on('message', (said: Parsed | typeof parserReady) =>
      said === parserReady ? resolve() : this.#settle(said),
    )
    worker.on('error', () => this.#overran())
    worker.on('messageerror', () => this.#overran())
    return worker
  }

  #settle(parsed: Parsed): void {
    clearTimeout(this.#timer)
    this.#queue.shift()?.settle.resolve(parsed)
    this.#next()
  }

  #overran(): void {
    void this.#stop()
    this.#settle({ kind: 'refused', refusal: tooSlow })
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer)
    const worker = this.#worker
    this.#worker = undefined
    worker?.removeAllListeners()
    await worker?.terminate()
  }
}

/** Parses a text where its size says. Throws nothing. */
export function parse(text: string, bytes: number, thread: ParserThread): Parsed | Promise<Parsed> {
  if (bytes > sqlLimits.statementBytesMax) return { kind: 'refused', refusal: tooLong }
  return bytes <= sqlLimits.statementInlineBytesMax ? parseHere(text) : thread.parse(text)
}

const tooLong = refusal(
  'too_large',
  'adapter/limits',
  `The statement is longer than ${String(sqlLimits.statementBytesMax)} bytes. Pass large values as parameters.`,
)
