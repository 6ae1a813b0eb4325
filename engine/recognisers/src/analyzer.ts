import { Agent, request } from 'undici'
import { RecogniserFailed } from '@sluice/core'

export interface AnalyzerOptions {
  readonly url: URL
  /** PEM of the authorities that sign its certificate; `undefined`: those of the machine. */
  readonly authority?: string | undefined
}

/** `connections` bounds what is asked at once, by all who ask. */
export const analyzerLimits = { connections: 16, answerBytes: 16_777_216 } as const

/** One HTTP server that takes and gives JSON. All its failures are `RecogniserFailed`, and quote nothing. */
export class Analyzer {
  readonly #url: URL
  readonly #agent: Agent

  constructor({ url, authority }: AnalyzerOptions) {
    this.#url = new URL(url)
    if (!this.#url.pathname.endsWith('/')) this.#url.pathname += '/'
    this.#agent = new Agent({
      connections: analyzerLimits.connections,
      pipelining: 1,
      connect: { minVersion: 'TLSv1.2', ...(authority === undefined ? {} : { ca: authority }) },
    })
  }

  get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#ask(path, 'GET', null, signal)
  }

  post(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    return this.#ask(path, 'POST', JSON.stringify(body), signal)
  }

  async #ask(
    path: string,
    method: 'GET' | 'POST',
    body: string | null,
    signal: AbortSignal,
  ): Promise<unknown> {
    try {
      const headers = { accept: 'application/json', 'content-type': 'application/json' }
      const to = new URL(path, this.#url)
      const answer = await request(to, { method, headers, body, signal, dispatcher: this.#agent })
      if (answer.statusCode !== 200) {
        await answer.body.dump()
        throw new RecogniserFailed(`the recogniser answered ${answer.statusCode}`)
      }
      return JSON.parse(await bounded(answer.body)) as unknown
    } catch (error) {
      if (error instanceof RecogniserFailed) throw error
      // Whatever it was may quote what was sent or answered.
      throw new RecogniserFailed('no answer that can be read')
    }
  }
}

async function bounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > analyzerLimits.answerBytes) throw new RecogniserFailed('the answer is too large')
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}
