import { refusal, type Json, type Refusal } from '@sluice/core'
import { messagesOf } from './anthropic.ts'
import type { Asked, Llm } from './llm.ts'
import { chatOf, completionsOf, embeddingsOf } from './openai.ts'
import { routeOf, type Operation, type Profile } from './operation.ts'
import { priceOf, type Prices } from './prices.ts'
import { Reader, Unread } from './reader.ts'
import { responsesOf } from './responses.ts'

const readers: { readonly [Each in Operation]: (body: Reader, model: string) => Asked } = {
  chat: chatOf,
  responses: responsesOf,
  completions: completionsOf,
  embeddings: embeddingsOf,
  messages: messagesOf,
  count_tokens: messagesOf,
}

export interface AskedOf {
  readonly method: string
  readonly path: string
  /** As it was parsed; `undefined` when it is no JSON. */
  readonly body: Json | undefined
}

export type Spoken =
  /** `null`: a path of which the profile knows nothing; policies see it, and decide. */
  | { readonly llm: Llm | null; readonly objection?: never }
  | { readonly llm: null; readonly objection: Refusal }

/** What a request asks of a language model. What the profile cannot read is refused, never guessed at. */
export function spokenOf(profile: Profile, prices: Prices, { method, path, body }: AskedOf): Spoken {
  try {
    const route = routeOf(profile, method, path)
    if (route === undefined) return { llm: null }
    const { operation, deployment } = route
    const given = Reader.of(body)
    const asked = readers[operation](given, deployment ?? given.needed('model'))
    return { llm: { operation, ...asked, priced: priceOf(prices, asked.model) !== undefined } }
  } catch (error) {
    if (!(error instanceof Unread)) throw error
    return { llm: null, objection: unreadable(error.message) }
  }
}

function unreadable(why: string): Refusal {
  return refusal('malformed', 'http/llm', `The request to the language model cannot be judged: ${why}.`)
}
