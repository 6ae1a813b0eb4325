import type { Json } from '@sluice/core'
import { Reader } from './reader.ts'

/** Tokens as targets charge for them. */
export interface Tokens {
  /** All that went in. */
  readonly input: number
  /** Of these: what the target had read before, and what it keeps for later. */
  readonly cached: number
  readonly written: number
  readonly output: number
}

/** What an answer says of itself, as far as it has come. Nothing that it says is an error: then it has said nothing. */
export class Told {
  #tokens: Partial<Tokens> = {}
  #model: string | null = null
  #counted = false

  get tokens(): Partial<Tokens> {
    return this.#tokens
  }

  get model(): string | null {
    return this.#model
  }

  /** Whether it has counted what it told, not only what it was asked. */
  get counted(): boolean {
    return this.#counted
  }

  /** A whole answer, or one event of it. Some events have the answer in them. */
  take(document: Json): void {
    const outer = objectIn(document)
    if (outer === undefined) return
    for (const at of [outer, objectOf(outer, 'response'), objectOf(outer, 'message')]) {
      if (at === undefined) continue
      this.#model = nameIn(at.value('model')) ?? this.#model
      const usage = objectOf(at, 'usage')
      if (usage === undefined) continue
      this.#tokens = { ...this.#tokens, ...tokensIn(usage) }
      // Anthropic begins with a number that is no count yet.
      this.#counted = outer.value('type') !== 'message_start' && this.#tokens.output !== undefined
    }
  }
}

/** OpenAI counts what was cached among the input, Anthropic beside it. Each says it in words of its own. */
function tokensIn(usage: Reader): Partial<Tokens> {
  const all = counted(usage, 'prompt_tokens') ?? counted(usage, 'input_tokens')
  const details = objectOf(usage, 'prompt_tokens_details') ?? objectOf(usage, 'input_tokens_details')
  const read = counted(usage, 'cache_read_input_tokens')
  const written = counted(usage, 'cache_creation_input_tokens')
  const cached = read ?? (details === undefined ? undefined : counted(details, 'cached_tokens'))
  const output = counted(usage, 'completion_tokens') ?? counted(usage, 'output_tokens')
  const isEmbedding = all !== undefined && counted(usage, 'total_tokens') === all
  return {
    ...(all === undefined ? {} : { input: all + (read ?? 0) + (written ?? 0) }),
    ...(cached === undefined ? {} : { cached }),
    ...(written === undefined ? {} : { written }),
    ...(output === undefined ? (isEmbedding ? { output: 0 } : {}) : { output }),
  }
}

/** More than any answer uses; what is larger is no count. */
const countMax = 100_000_000

function counted(of: Reader, name: string): number | undefined {
  const value = of.value(name)
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= countMax
    ? value
    : undefined
}

const modelCharsMax = 256

function nameIn(value: Json | undefined): string | undefined {
  if (typeof value !== 'string' || value === '' || !value.isWellFormed()) return undefined
  return value.slice(0, modelCharsMax).toWellFormed()
}

function objectOf(of: Reader, name: string): Reader | undefined {
  return objectIn(of.value(name))
}

function objectIn(value: Json | undefined): Reader | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Reader.of(value) : undefined
}
