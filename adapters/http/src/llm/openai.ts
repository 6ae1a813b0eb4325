import type { Asked } from './llm.ts'
import { Contents, tokens } from './contents.ts'
import { isList, Unread, type Reader } from './reader.ts'
import { choiceOf, toolsOf } from './tool-names.ts'

/** Chat completions, and what many other servers make of them. */
export function chatOf(body: Reader, model: string): Asked {
  const contents = new Contents()
  for (const message of body.some('messages')) chatMessage(message, contents)
  const functions = body.objects('functions').map((each) => each.needed('name'))
  const { tools, tool_choice: choice } = toolsOf(body, [
    ...functions,
    ...(body.has('web_search_options') ? ['web_search'] : []),
  ])
  return {
    model,
    stream: body.flag('stream'),
    max_tokens: most(body.whole('max_completion_tokens'), body.whole('max_tokens')),
    temperature: body.number('temperature') ?? null,
    choices: body.whole('n') ?? 1,
    tools,
    tool_choice: choice ?? choiceOf(body, 'function_call'),
    ...contents.told(),
    stored: false,
    background: false,
  }
}

function chatMessage(message: Reader, contents: Contents): void {
  const role = message.needed('role')
  contents.message(role)
  contents.content(message.value('content'), message.path('content'))
  if (message.has('audio')) contents.part('audio')
  for (const call of message.objects('tool_calls')) {
    const made = call.object('function') ?? call.object('custom')
    if (made !== undefined) contents.call(call.needed('id'), made.needed('name'))
  }
  if (role === 'tool') contents.resultOf(message.needed('tool_call_id'))
  if (role === 'function') contents.result(message.needed('name'))
}

/** The older completions: one text, or several. */
export function completionsOf(body: Reader, model: string): Asked {
  return {
    ...ofTexts(body, model, 'prompt'),
    stream: body.flag('stream'),
    max_tokens: body.whole('max_tokens') ?? null,
    temperature: body.number('temperature') ?? null,
    choices: most(body.whole('n'), body.whole('best_of')) ?? 1,
  }
}

export function embeddingsOf(body: Reader, model: string): Asked {
  return ofTexts(body, model, 'input')
}

/** A text, a list of texts, or tokens in their place. */
function ofTexts(body: Reader, model: string, member: string): Asked {
  const value = body.value(member)
  const parts = isList(value) ? value : [value]
  const isToken = (each: unknown): boolean => typeof each === 'number'
  if (
    !parts.every((each) => typeof each === 'string' || isToken(each) || (isList(each) && each.every(isToken)))
  )
    throw new Unread(`"${member}" must be a text or a list of texts`)
  const contents = new Contents()
  contents.part(parts.every((each) => typeof each === 'string') ? 'text' : tokens)
  return {
    model,
    stream: false,
    max_tokens: null,
    temperature: null,
    choices: 1,
    tools: [],
    tool_choice: null,
    ...contents.told(),
    stored: false,
    background: false,
  }
}

function most(one: number | undefined, other: number | undefined): number | null {
  if (one === undefined && other === undefined) return null
  return Math.max(one ?? 0, other ?? 0)
}
