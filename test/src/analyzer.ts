import { once } from 'node:events'
import {
  createServer as createPlain,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { Certificate } from './certificate.ts'

/** As it should; with an error; never; with what is no answer to the question; or not of all texts. */
export type AnalyzerManner = 'answers' | 'fails' | 'hangs' | 'babbles' | 'forgets'

/** A server that speaks the API of Presidio's analyzer, and knows some words instead of a language. */
export interface Analyzer extends AsyncDisposable {
  readonly url: string
  /** Every text that it was shown. */
  readonly seen: readonly string[]
  /** Questions that are not answered yet, and the most that there were at once. */
  readonly waiting: { readonly now: number; readonly most: number }
  manner: AnalyzerManner
}

export interface AnalyzerOptions {
  /** What it calls each of the words that it knows, e.g. `{ Berlin: 'LOCATION' }`. */
  readonly words: Readonly<Record<string, string>>
  /** 0 is any. */
  readonly port?: number
  readonly tls?: Certificate
}

interface Question {
  readonly text: string | readonly string[]
  readonly language: string
  readonly entities: readonly string[]
  readonly score_threshold: number
}

export async function startAnalyzer(options: AnalyzerOptions): Promise<Analyzer> {
  const { port = 0, tls } = options
  const analyzer = new StandIn(options.words)
  const listener: RequestListener = (request, response) => void analyzer.take(request, response)
  const server = tls === undefined ? createPlain(listener) : createSecure(tls, listener)
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const address = server.address() as AddressInfo
  return Object.assign(analyzer, {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  })
}

const score = 0.85

class StandIn {
  readonly seen: string[] = []
  readonly waiting = { now: 0, most: 0 }
  manner: AnalyzerManner = 'answers'
  readonly #words: Readonly<Record<string, string>>

  constructor(words: Readonly<Record<string, string>>) {
    this.#words = words
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.waiting.now += 1
    this.waiting.most = Math.max(this.waiting.most, this.waiting.now)
    response.once('close', () => (this.waiting.now -= 1))
    const say = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://analyzer')
    if (request.method === 'GET' && pathname === '/supportedentities')
      return searchParams.get('language') === 'en'
        ? say(200, [...new Set(Object.values(this.#words))])
        : say(500, { error: 'No matching recognizers were found to serve the request.' })
    if (request.method !== 'POST' || pathname !== '/analyze') return say(404, { error: 'Not found' })
    const question = (await json(request)) as Question
    const texts = typeof question.text === 'string' ? [question.text] : question.text
    this.seen.push(...texts)
    if (this.manner === 'hangs') return
    if (this.manner === 'fails') return say(500, { error: texts.join(' ') })
    if (this.manner === 'babbles') return say(200, texts)
    const found = texts.map((text) => this.#foundIn(text, question))
    const told = this.manner === 'forgets' ? found.slice(1) : found
    say(200, typeof question.text === 'string' ? told[0] : told)
  }

  /** In code points, as Python counts. */
  #foundIn(text: string, { entities, score_threshold }: Question): readonly object[] {
    return Object.entries(this.#words).flatMap(([word, entity_type]) => {
      if (!entities.includes(entity_type) || score < score_threshold) return []
      return Array.from(text.matchAll(new RegExp(`\\b${word}\\b`, 'g')), ({ index }) => {
        const start = Array.from(text.slice(0, index)).length
        const end = start + Array.from(word).length
        return { analysis_explanation: null, end, entity_type, score, start }
      })
    })
  }
}
