import type { Json, Usage } from '@sluice/core'
import { answerReader, type AnswerReader } from './answer.ts'
import { textBytesIn, tokensOf } from './estimate.ts'
import type { Llm } from './llm.ts'
import { costOf, priceOf, type Prices } from './prices.ts'
import type { Tokens } from './told.ts'

/**
 * What one request to a language model uses: as its answer counts it, and where it does not, or was cut before it could, an
 * estimate by the texts. The request is never changed to make an answer count.
 */
export class Meter {
  readonly #llm: Llm
  readonly #prices: Prices
  readonly #request: Buffer
  #sent = false
  #status: number | undefined
  #answer: AnswerReader | undefined
  #ended = false

  constructor(llm: Llm, prices: Prices, request: Buffer) {
    this.#llm = llm
    this.#prices = prices
    this.#request = request
  }

  /** The request has left: from here on the target may charge for it. */
  sent(): void {
    this.#sent = true
  }

  head(status: number, contentType: string | null): void {
    this.#status = status
    this.#answer = answerReader(contentType)
  }

  data(bytes: Buffer): void {
    this.#answer?.push(bytes)
  }

  end(): void {
    this.#answer?.end()
    this.#ended = true
  }

  /** `null`: nothing, or a refusal of the target. */
  usage(): Usage | null {
    if (!this.#sent || this.#llm.operation === 'count_tokens' || (this.#status ?? 0) >= 400) return null
    const { tokens, estimated } = this.#tokens()
    const model = this.#answer?.told.model ?? null
    const { model: asked } = this.#llm
    const price = priceOf(this.#prices, model ?? asked) ?? priceOf(this.#prices, asked)
    return {
      model,
      input_tokens: tokens.input,
      output_tokens: tokens.output,
      cost_micros: price === undefined ? null : costOf(price, tokens),
      estimated,
    }
  }

  #tokens(): { readonly tokens: Tokens; readonly estimated: boolean } {
    const { told, over = false } = this.#answer ?? {}
    const { input, cached = 0, written = 0, output } = told?.tokens ?? {}
    const exact = (this.#ended || over) && told?.counted === true && input !== undefined
    const tokens = {
      input: input ?? tokensOf(textBytesIn(parsed(this.#request))),
      cached,
      written,
      output: exact && output !== undefined ? output : Math.max(output ?? 0, this.#guessed()),
    }
    return { tokens, estimated: !exact }
  }

  #guessed(): number {
    return this.#llm.operation === 'embeddings' ? 0 : tokensOf(this.#answer?.textBytes ?? 0)
  }
}

function parsed(request: Buffer): Json {
  try {
    return JSON.parse(request.toString()) as Json
  } catch {
    return request.toString()
  }
}
