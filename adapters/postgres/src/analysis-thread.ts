import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads'
import { refusal } from '@sluice/core'
import type { KnownNames } from './catalogue.ts'
import { sqlLimits } from './limits.ts'
import { unread } from './meaning.ts'
import type { Analysis, NameScope } from './statement.ts'
import { frozen } from './walk/build.ts'

export interface AnalysisThreadData {
  readonly answers: MessagePort
  /** One cell: the number of answers given. */
  readonly answered: Int32Array<SharedArrayBuffer>
}

/** What the thread is given. `text`: its bytes as latin1. */
export interface Asked {
  readonly text: string
  readonly names: NameScope
}

/** What the thread says. Its first word is that it has loaded the parser: what that takes is no statement's. */
export type Said =
  | { readonly kind: 'ready' }
  /** It stands still until it is answered. */
  | { readonly kind: 'asks'; readonly part: keyof KnownNames; readonly key: string | number }
  | { readonly kind: 'means'; readonly analysis: Analysis }

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

interface Waiting extends Asked {
  readonly known: KnownNames
  readonly settle: PromiseWithResolvers<Analysis>
}

interface Running {
  readonly worker: Worker
  readonly answers: MessagePort
  readonly answered: Int32Array<SharedArrayBuffer>
  /** It has loaded the parser. */
  readonly ready: Promise<void>
}

const file = new URL(`./analysis-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/**
 * Analyses long texts in a thread of its own, one after another, each under a deadline: a hostile text costs its
 * sender that time and everybody else nothing. A thread that overran is ended and replaced.
 */
export class AnalysisThread {
  #running: Running | undefined
  readonly #queue: Waiting[] = []
  #timer: NodeJS.Timeout | undefined

  /** `known` is asked by name while the text is analysed, and does not change. Never rejects. */
  analyse(text: string, names: NameScope, known: KnownNames): Promise<Analysis> {
    if (this.#queue.length >= sqlLimits.statementsWaitingMax) return Promise.resolve(unread(tooMany, text))
    const waiting: Waiting = { text, names, known, settle: Promise.withResolvers() }
    this.#queue.push(waiting)
    if (this.#queue.length === 1) this.#next()
    return waiting.settle.promise
  }

  async close(): Promise<void> {
    for (const { settle, text } of this.#queue.splice(0)) settle.resolve(unread(tooMany, text))
    await this.#stop()
  }

  #next(): void {
    const [head] = this.#queue
    if (head === undefined) {
      // An idle thread must not keep the process alive.
      this.#running?.worker.unref()
      return
    }
    const running = (this.#running ??= this.#start())
    running.worker.ref()
    this.#timer = setTimeout(() => this.#overran(), sqlLimits.parserStartMs)
    void running.ready.then(() => {
      if (running !== this.#running) return
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#overran(), sqlLimits.statementParseMs)
      const { text, names } = head
      running.worker.postMessage({ text, names } satisfies Asked)
    })
  }

  #start(): Running {
    const { port1, port2 } = new MessageChannel()
    // Without this the port alone would keep the process alive.
    port1.unref()
    const answered = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    const worker = new Worker(file, {
      workerData: { answers: port2, answered } satisfies AnalysisThreadData,
      transferList: [port2],
      execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'],
      env: {},
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    const running: Running = { worker, answers: port1, answered, ready: promise }
    worker.on('message', (said: Said) => {
      if (said.kind === 'asks') this.#answer(said, running)
      else if (said.kind === 'means') this.#settle(said.analysis)
      else resolve()
    })
    worker.on('error', () => this.#overran())
    worker.on('messageerror', () => this.#overran())
    return running
  }

  #answer({ part, key }: Said & { kind: 'asks' }, { answers, answered }: Running): void {
    answers.postMessage(this.#found(part, key))
    Atomics.add(answered, 0, 1)
    Atomics.notify(answered, 0)
  }

  #found(part: keyof KnownNames, key: string | number): unknown {
    const known = this.#queue[0]?.known
    if (part === 'byOid') return known?.byOid.get(Number(key))
    if (part === 'fields') return known?.fields.has(String(key)) === true ? true : undefined
    return known?.[part].get(String(key))
  }

  #settle(analysis: Analysis): void {
    clearTimeout(this.#timer)
    for (const statement of analysis.statements) frozen(statement)
    this.#queue.shift()?.settle.resolve(analysis)
    this.#next()
  }

  #overran(): void {
    void this.#stop()
    this.#settle(unread(tooSlow, this.#queue[0]?.text ?? ''))
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer)
    const running = this.#running
    this.#running = undefined
    running?.worker.removeAllListeners()
    // What it fails by from now on is nobody's business; with nobody to hear it, it would be the end of the process.
    running?.worker.on('error', () => {})
    running?.answers.close()
    await running?.worker.terminate()
  }
}
