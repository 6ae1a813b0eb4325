/** OpenAI's chat completions, as far as a model that follows a script speaks them. All of it is pure. */

/** What an answer depends on. */
export interface ChatAsked {
  readonly model: string
  /** The texts of all messages, in their order. */
  readonly texts: readonly string[]
  readonly stream: boolean
  /** Whether a stream says at its end what it used. */
  readonly usage: boolean
}

export interface ChatAnswer {
  /** `chatcmpl-…` */
  readonly id: string
  /** Seconds since 1970. */
  readonly created: number
  readonly text: string
}

/** Reads the body of a request. Throws, with what is wrong, when it asks nothing. */
export function readChat(body: string): ChatAsked {
  const asked = JSON.parse(body) as {
    readonly model?: unknown
    readonly messages?: unknown
    readonly stream?: unknown
    readonly stream_options?: { readonly include_usage?: unknown } | null
  } | null
  if (typeof asked?.model !== 'string') throw new TypeError('"model" must be a text')
  if (!Array.isArray(asked.messages)) throw new TypeError('"messages" must be a list')
  return {
    model: asked.model,
    texts: asked.messages.map(textOf),
    stream: asked.stream === true,
    usage: asked.stream_options?.include_usage === true,
  }
}

/** A content is a text or a list of parts; parts that are no text say nothing. */
function textOf(message: unknown): string {
  const content = (message as { readonly content?: unknown } | null)?.content
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  const texts = content.map((part) => (part as { readonly text?: unknown } | null)?.text)
  return texts.filter((text) => typeof text === 'string').join('\n')
}

/** Words and marks, long words in pieces, with the blanks before them: together they are the text again. */
export function tokensOf(text: string): readonly string[] {
  return text.match(/\s*(?:[\p{L}\p{M}\p{N}_]{1,6}|\S)|\s+$/gu) ?? []
}

/** The whole answer. */
export function chatCompletion(asked: ChatAsked, answer: ChatAnswer): object {
  return {
    ...named(asked, answer),
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.text },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: usageOf(asked, answer),
  }
}

/** The same as a stream: the data of each event, one token in each. */
export function* chatChunks(asked: ChatAsked, answer: ChatAnswer): Generator<string> {
  const event = (choices: readonly object[], usage: object | null = null): string =>
    JSON.stringify({
      ...named(asked, answer),
      object: 'chat.completion.chunk',
      choices,
      ...(asked.usage ? { usage } : {}),
    })
  const part = (delta: object, finish_reason: string | null = null): string =>
    event([{ index: 0, delta, logprobs: null, finish_reason }])
  yield part({ role: 'assistant', content: '' })
  for (const content of tokensOf(answer.text)) yield part({ content })
  yield part({}, 'stop')
  if (asked.usage) yield event([], usageOf(asked, answer))
  yield '[DONE]'
}

function named({ model }: ChatAsked, { id, created }: ChatAnswer): object {
  return { id, created, model }
}

function usageOf({ texts }: ChatAsked, { text }: ChatAnswer): object {
  const prompt = texts.reduce((sum, each) => sum + tokensOf(each).length, 0)
  const completion = tokensOf(text).length
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}
