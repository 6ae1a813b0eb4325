import type { Asked } from './llm.ts'
import { Contents } from './contents.ts'
import type { Reader } from './reader.ts'
import { toolsOf } from './tool-names.ts'

/** Anthropic's messages, and the question how many tokens they would be. */
export function messagesOf(body: Reader, model: string): Asked {
  const contents = new Contents()
  if (body.has('system')) contents.role('system')
  contents.content(body.value('system'), 'system')
  for (const message of body.some('messages')) {
    contents.message(message.needed('role'))
    contents.content(message.value('content'), message.path('content'), (part) => {
      if (part.text('type')?.endsWith('tool_use') === true)
        contents.call(part.needed('id'), part.needed('name'))
      const of = part.text('tool_use_id')
      if (of !== undefined) contents.resultOf(of)
    })
  }
  const servers = body.objects('mcp_servers').map((server) => `mcp:${server.needed('name')}`)
  return {
    model,
    stream: body.flag('stream'),
    max_tokens: body.whole('max_tokens') ?? null,
    temperature: body.number('temperature') ?? null,
    choices: 1,
    ...toolsOf(body, servers),
    ...contents.told(),
    stored: body.has('container'),
    background: false,
  }
}
