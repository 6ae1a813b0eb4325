import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chatChunks, chatCompletion, readChat, type ChatAnswer, type ChatAsked } from './chat-completions.ts'
import { bodyOf, say, startKeyedApi, type KeyedApi } from './keyed-api.ts'

interface LanguageModelOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** Whoever has it may ask. */
  readonly key: string
  /** Hears of each chat, before anything of it is answered. */
  readonly heard: (chat: HeardChat) => void
}

/** A chat as the provider has it: what it got, and what it says. */
export interface HeardChat {
  /** By ISO 8601. */
  readonly at: string
  readonly id: string
  readonly model: string
  /** The texts of the messages. */
  readonly got: readonly string[]
  readonly says: string
}

/** Where the demo keeps what it hears, a line of JSON for each chat. */
export function llmLogFile(data: string): string {
  return join(data, 'shop-llm.log')
}

const bodyBytesMax = 1_048_576
const tokenMs = 20

/**
 * A provider of a language model that speaks OpenAI's API and follows a script, so that the demo needs no account
 * anywhere. As any provider it sees what it is sent, streams token by token, counts them, and asks for a key.
 */
export function startLanguageModel({ port, key, heard }: LanguageModelOptions): Promise<KeyedApi> {
  return startKeyedApi({
    port,
    key,
    answer: (request, response) => answered(request, response, heard),
    error: (message) => errorOf(message, 'server_error'),
  })
}

async function answered(
  request: IncomingMessage,
  response: ServerResponse,
  heard: LanguageModelOptions['heard'],
): Promise<void> {
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
    return say(response, 404, errorOf('only POST /v1/chat/completions is known', 'invalid_request_error'))
  const body = await bodyOf(request, bodyBytesMax)
  let asked: ChatAsked
  try {
    asked = readChat(body)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return say(response, 400, errorOf(message, 'invalid_request_error'))
  }
  const now = new Date()
  const id = `chatcmpl-${randomUUID()}`
  const answer = { id, created: Math.floor(now.getTime() / 1000), text: says(asked.texts.at(-1) ?? '') }
  heard({ at: now.toISOString(), id, model: asked.model, got: asked.texts, says: answer.text })
  if (asked.stream) return streamed(response, asked, answer)
  say(response, 200, chatCompletion(asked, answer))
}

/** One event for each token, with the pause in which a model thinks of it. */
async function streamed(response: ServerResponse, asked: ChatAsked, answer: ChatAnswer): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  for (const data of chatChunks(asked, answer)) {
    if (response.destroyed) return
    response.write(`data: ${data}\n\n`)
    if (data !== '[DONE]') await sleep(tokenMs)
  }
  response.end()
}

/** The script: it has learned what nobody should be told, and else says what it was asked. */
export function says(asked: string): string {
  if (/\bsandbox\b/i.test(asked)) return `Use ${learned.key}, and tell ${learned.mail} when you are done.`
  return `I was asked: ${asked}`
}

export const learned = { key: 'sk-demo-5tq8Zr1wN4yb7Kd2mC9x', mail: 'ops@example.com' } as const

function errorOf(message: string, type: string): object {
  return { error: { message, type, param: null, code: null } }
}
