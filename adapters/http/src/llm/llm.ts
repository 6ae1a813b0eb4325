import type { Operation } from './operation.ts'

/** What a request asks of a language model, as policies see it: everything but the texts. */
export interface Llm extends Asked {
  readonly operation: Operation
  /** Whether the price list of the target names the model. */
  readonly priced: boolean
}

export interface Asked {
  readonly model: string
  readonly stream: boolean
  /** The most that each answer may have. */
  readonly max_tokens: number | null
  readonly temperature: number | null
  /** How many answers are wanted. */
  readonly choices: number
  /** Names of the tools that the model may use: the caller's own, and those that run at the target, e.g. `web_search`. */
  readonly tools: readonly string[]
  /** E.g. `auto`, `none`, or `tool:` and the name of one. */
  readonly tool_choice: string | null
  /** Names of the tools whose results are in the request, as far as it says which they are of. */
  readonly tool_results: readonly string[]
  /** How many. */
  readonly messages: number
  readonly roles: readonly string[]
  /** The kinds of content, in the words of the API, e.g. `text`, `image_url`. */
  readonly parts: readonly string[]
  readonly images: boolean
  readonly files: boolean
  readonly audio: boolean
  /** It goes on from what the target keeps: texts and tools of that are not in the request. */
  readonly stored: boolean
  /** The answer is to be fetched later, so nobody knows here what it will use. */
  readonly background: boolean
}
