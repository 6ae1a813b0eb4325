import Anthropic from '@anthropic-ai/sdk'
import { ChatOpenAI } from '@langchain/openai'
import OpenAI from 'openai'
import type { Json } from '@sluice/core'
import type { HttpDoor } from '../../../src/index.ts'
import type { Case } from '../../transcript.ts'

/** The SDKs of language models, and LangChain's chat model, with nothing changed but address and header. */
const key = 'a-key-of-nobody'
const question = [{ role: 'user' as const, content: 'Two and two?' }]
const model = 'scripted'

export const modelCases: Readonly<Record<string, Case<HttpDoor>>> = {
  'OpenAI, whole and streamed': async (door) => {
    const client = openai(door, '/v1')
    const whole = await client.chat.completions.create({ model, messages: question })
    const streamed: string[] = []
    for await (const part of await client.chat.completions.create({
      model,
      messages: question,
      stream: true,
    }))
      streamed.push(part.choices[0]?.delta.content ?? '')
    return { whole: whole.choices[0]?.message.content ?? null, streamed }
  },
  'Anthropic, whole and streamed': async (door) => {
    const client = anthropic(door, '')
    const asked = { model, max_tokens: 100, messages: question }
    const whole = await client.messages.create(asked)
    const streamed: string[] = []
    await client.messages
      .stream(asked)
      .on('text', (text) => streamed.push(text))
      .finalMessage()
    return { whole: JSON.stringify(whole.content), streamed }
  },
  'ChatOpenAI, whole and streamed': async (door) => {
    const chat = chatOpenai(door, '/v1')
    const streamed: string[] = []
    for await (const part of await chat.stream('Two and two?')) streamed.push(part.text)
    return { whole: (await chat.invoke('Two and two?')).text, streamed }
  },
}

/** What each throws when it is refused: none of them asks again. */
export const modelRefusals: Readonly<Record<string, Case<HttpDoor>>> = {
  OpenAI: (door) =>
    thrown(() => openai(door, '/closed').chat.completions.create({ model, messages: question })),
  Anthropic: (door) =>
    thrown(() => anthropic(door, '/closed').messages.create({ model, max_tokens: 1, messages: question })),
  ChatOpenAI: (door) => thrown(() => chatOpenai(door, '/closed').invoke('Two and two?')),
}

function openai({ url, headers }: HttpDoor, path: string): OpenAI {
  return new OpenAI({ baseURL: `${url}${path}`, apiKey: key, defaultHeaders: headers })
}

function anthropic({ url, headers }: HttpDoor, path: string): Anthropic {
  return new Anthropic({ baseURL: `${url}${path}`, apiKey: key, defaultHeaders: headers })
}

function chatOpenai({ url, headers }: HttpDoor, path: string): ChatOpenAI {
  return new ChatOpenAI({
    model,
    apiKey: key,
    configuration: { baseURL: `${url}${path}`, defaultHeaders: headers },
  })
}

async function thrown(work: () => Promise<unknown>): Promise<Json> {
  try {
    await work()
  } catch (error) {
    if (error instanceof Error)
      return {
        name: error.constructor.name,
        status: 'status' in error ? Number(error.status) : null,
        message: error.message,
      }
  }
  return null
}
