import type { Asked } from './llm.ts'
import { listed } from './contents.ts'
import { Unread, type Reader } from './reader.ts'

/** What a model may use, and whether it must. */
export type Tools = Pick<Asked, 'tools' | 'tool_choice'>

/** As `tools` and `tool_choice` say it, in any of the APIs; `others` are those that are named elsewhere. */
export function toolsOf(body: Reader, others: readonly string[] = []): Tools {
  const tools = listed([...body.objects('tools').map(nameOf), ...others], 'tools')
  return { tools, tool_choice: choiceOf(body, 'tool_choice') }
}

/**
 * Chat completions put the name of a function inside, responses and messages beside its type; what runs at the target may
 * have only a type. A server of tools is `mcp:` and its name.
 */
function nameOf(tool: Reader): string {
  if (tool.has('tools')) throw new Unread(`"${tool.path('tools')}" holds tools of its own`)
  const type = tool.text('type')
  const inner = type === undefined ? undefined : innerOf(tool, type)
  if (inner !== undefined) return inner.needed('name')
  const server = tool.text('server_label') ?? tool.text('mcp_server_name')
  if (server !== undefined) return `mcp:${server}`
  return tool.text('name') ?? type ?? tool.needed('name')
}

function innerOf(tool: Reader, type: string): Reader | undefined {
  return type === 'function' || type === 'custom' ? tool.object(type) : undefined
}

export function choiceOf(body: Reader, member: string): string | null {
  const value = body.value(member)
  if (value === undefined) return null
  if (typeof value === 'string') return body.needed(member)
  const choice = body.object(member)
  if (choice === undefined) return null
  const type = choice.text('type')
  const name = (type === undefined ? undefined : innerOf(choice, type))?.needed('name') ?? choice.text('name')
  if (name !== undefined) return `tool:${name}`
  return type ?? choice.needed('type')
}
