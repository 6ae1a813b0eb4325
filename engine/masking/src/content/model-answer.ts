import type { JsonPlace } from './json-place.ts'
import { Unreadable } from './unreadable.ts'

/** Members that repeat a text of a language model token by token: OpenAI's, Gemini's, those of vLLM and llama.cpp. */
const tokens = [
  'logprobs',
  'logprobsResult',
  'prompt_logprobs',
  'token_ids',
  'prompt_token_ids',
  'completion_probabilities',
].map((name) => Buffer.from(name))
const tokensByLength: readonly (readonly Buffer[] | undefined)[] = Array.from({ length: 32 }, (_, length) =>
  tokens.some((name) => name.length === length) ? tokens.filter((name) => name.length === length) : undefined,
)

/** Whether a member of that name repeats a text of a language model token by token. */
export function isTokens(name: string): boolean {
  return tokensByLength[name.length]?.some((known) => known.toString() === name) === true
}

/** What in a document is known to be of a language model's answer, by the names of its members as they come. */
export class ModelAnswer {
  /** It is no value within another document. */
  readonly #whole: boolean
  /** How much of `[{"candidates":[{"content":{"parts"` has come. */
  #listed = 0
  /** Ollama says at the end of an answer what its tokens are, behind whether it is done. */
  #done = false

  constructor(whole: boolean) {
    this.#whole = whole
  }

  restart(): void {
    this.#listed = 0
    this.#done = false
  }

  /**
   * Whether the member repeats a text token by token. Its name is spelled there without escapes. Throws `Unreadable` for a
   * text that is told in pieces as the elements of a list, as by Gemini to who does not ask for events: none could be looked
   * into without the others.
   */
  named(place: JsonPlace, bytes: Buffer, start: number, end: number): boolean {
    if (this.#whole && place.depth === 1) {
      if (isIn(context, bytes, start, end)) return this.#done
      this.#done ||= isIn(done, bytes, start, end)
    } else if (this.#whole && place.depth <= 5 && place.inList) this.#inList(place.depth, bytes, start, end)
    const names = tokensByLength[end - start]
    return names !== undefined && names.some((name) => isIn(name, bytes, start, end))
  }

  #inList(depth: number, bytes: Buffer, start: number, end: number): void {
    const is = (name: Buffer): boolean => isIn(name, bytes, start, end)
    if (depth === 2) this.#listed = is(candidates) ? 1 : 0
    else if (depth === 4 && this.#listed > 0) this.#listed = is(content) ? 2 : 1
    else if (depth === 5 && this.#listed === 2 && is(parts))
      throw new Unreadable('a text is told in pieces of a list: ask for events in its place (alt=sse)')
  }
}

const [candidates, content, parts, context, done] = (
  ['candidates', 'content', 'parts', 'context', 'done'] as const
).map((name) => Buffer.from(name)) as [Buffer, Buffer, Buffer, Buffer, Buffer]

function isIn(name: Buffer, bytes: Buffer, start: number, end: number): boolean {
  return end - start === name.length && name.compare(bytes, start, end) === 0
}
