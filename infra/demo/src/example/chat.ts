import { readFile } from 'node:fs/promises'
import type { AIMessageChunk, UsageMetadata } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { dataFolder, demoToken, type DemoState } from '@sluice/cli'
import { llmLogFile, type HeardChat } from '../language-model.ts'
import type { Prompt } from './prompts.ts'

export interface Chat {
  /** The base URL of the language model. */
  readonly url: string
  ask(prompt: Prompt): Promise<Told>
}

/** How it went. */
export type Told =
  | {
      readonly kind: 'answered'
      /** What the application read, event by event. */
      readonly pieces: readonly string[]
      /** By the provider's own count. */
      readonly tokens: { readonly input: number; readonly output: number }
      /** The same as the provider has it; nothing, when the provider is not the demo's. */
      readonly heard: readonly HeardChat[]
    }
  | {
      readonly kind: 'failed'
      /** Of HTTP; `null`: there was no answer. */
      readonly status: number | null
      readonly message: string
    }

/** LangChain's own chat model for OpenAI. Only the base URL is Sluice's, and the key is a token of it. */
export async function openChat(demo: DemoState): Promise<Chat> {
  const url = `http://${demo.listen['http'] ?? '127.0.0.1:7480'}/shop-llm/v1`
  const token = await demoToken(demo, 'langchain-reporting')
  return {
    url,
    async ask({ ask, model }) {
      // Whoever watches the example does not wait for the usual six.
      const chat = new ChatOpenAI({ model, apiKey: token, maxRetries: 1, configuration: { baseURL: url } })
      const before = (await heardChats()).length
      try {
        const read = await readAll(await chat.stream(ask))
        return { kind: 'answered', ...read, heard: (await heardChats()).slice(before) }
      } catch (error) {
        if (!(error instanceof Error)) throw error
        const status = 'status' in error && typeof error.status === 'number' ? error.status : null
        return { kind: 'failed', status, message: error.message }
      }
    },
  }
}

async function readAll(
  stream: AsyncIterable<AIMessageChunk>,
): Promise<Pick<Told & { kind: 'answered' }, 'pieces' | 'tokens'>> {
  const pieces: string[] = []
  const tokens = { input: 0, output: 0 }
  for await (const part of stream) {
    if (part.text !== '') pieces.push(part.text)
    // Its type is worked out from tools that nobody gave, and comes to nothing.
    const used = part.usage_metadata as UsageMetadata | undefined
    tokens.input += used?.input_tokens ?? 0
    tokens.output += used?.output_tokens ?? 0
  }
  return { pieces, tokens }
}

async function heardChats(): Promise<readonly HeardChat[]> {
  const lines = (await readFile(llmLogFile(dataFolder(process.env)), 'utf8')).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as HeardChat)
}
