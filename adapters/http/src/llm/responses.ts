import type { Asked } from './llm.ts'
import { Contents } from './contents.ts'
import { Reader } from './reader.ts'
import { toolsOf } from './tool-names.ts'

/** OpenAI's responses: a text, or items of many kinds. */
export function responsesOf(body: Reader, model: string): Asked {
  const contents = new Contents()
  if (body.has('instructions')) contents.role('system')
  const input = body.value('input')
  let refers = false
  if (typeof input === 'string') {
    contents.message('user')
    contents.part('text')
  } else for (const item of body.objects('input')) refers = itemOf(item, contents) || refers
  return {
    model,
    stream: body.flag('stream'),
    max_tokens: body.whole('max_output_tokens') ?? null,
    temperature: body.number('temperature') ?? null,
    choices: 1,
    ...toolsOf(body),
    ...contents.told(),
    stored: refers || keeping.some((name) => body.has(name)),
    background: body.flag('background'),
  }
}

const keeping = ['previous_response_id', 'conversation', 'prompt']

/** Whether it only names what the target keeps. */
function itemOf(item: Reader, contents: Contents): boolean {
  const type = item.text('type') ?? 'message'
  if (type === 'message') contents.message(item.needed('role'))
  else contents.part(type)
  contents.content(item.value('content'), item.path('content'))
  const call = item.text('call_id')
  if (call === undefined) return type === 'item_reference'
  if (type.endsWith('_output')) {
    contents.resultOf(call)
    const output = item.value('output')
    if (typeof output !== 'object' || Array.isArray(output)) contents.content(output, item.path('output'))
  } else {
    const name = item.text('name')
    if (name !== undefined) contents.call(call, name)
  }
  return false
}
