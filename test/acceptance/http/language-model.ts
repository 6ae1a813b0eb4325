import { chatChunks, chatCompletion, readChat } from '@sluice/demo'
import { httpAnswer, type Answer, type Heard } from '../../src/index.ts'

const { chunked, events, json } = httpAnswer

const words = ['Two', ' and', ' two', ' make', ' four', '. ', '✓']
const chat = { id: 'chatcmpl-1', created: 1_700_000_000, text: words.join('') }

/** The APIs of language models, as their SDKs ask for them; what is said is always the same. */
export function languageModel({ address, body }: Heard): Answer {
  if (address.endsWith('/chat/completions')) {
    const asked = readChat(body.toString())
    return asked.stream ? events(chatChunks(asked, chat)) : json(chatCompletion(asked, chat))
  }
  const { stream } = JSON.parse(body.toString()) as { readonly stream?: boolean }
  return stream === true
    ? chunked(anthropicEvents(), { 'content-type': 'text/event-stream' })
    : json(anthropicMessage('end_turn', [{ type: 'text', text: words.join('') }]))
}

function anthropicMessage(stop_reason: string | null, content: readonly object[]): object {
  const usage = { input_tokens: 4, output_tokens: words.length }
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'scripted',
    content,
    stop_reason,
    stop_sequence: null,
    usage,
  }
}

function* anthropicEvents(): Generator<string> {
  const event = (type: string, data: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
  yield event('message_start', { message: anthropicMessage(null, []) })
  yield event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
  for (const text of words)
    yield event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
  yield event('content_block_stop', { index: 0 })
  yield event('message_delta', {
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: words.length },
  })
  yield event('message_stop', {})
}
