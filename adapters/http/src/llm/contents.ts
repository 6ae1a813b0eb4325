import type { Json } from '@sluice/core'
import type { Asked } from './llm.ts'
import { isList, Reader, Unread } from './reader.ts'

/** The messages of a request, one by one: what they are, not what they say. */
export class Contents {
  #messages = 0
  readonly #roles = new Set<string>()
  readonly #parts = new Set<string>()
  /** Names of tools by the ids of their calls. */
  readonly #calls = new Map<string, string>()
  readonly #results = new Set<string>()

  role(name: string): void {
    this.#roles.add(name)
  }

  message(role: string): void {
    this.#messages += 1
    this.role(role)
  }

  part(kind: string): void {
    this.#parts.add(kind)
  }

  call(id: string, tool: string): void {
    this.#calls.set(id, tool)
  }

  /** Of a call that came before it; that of another is of a tool that nobody names. */
  resultOf(call: string): void {
    const tool = this.#calls.get(call)
    if (tool !== undefined) this.result(tool)
  }

  result(tool: string): void {
    this.#results.add(tool)
  }

  /** A text, or a list of parts, which may hold others. `each` is told of every part. */
  content(value: Json | undefined, at: string, each: (part: Reader) => void = () => {}, depth = 0): void {
    if (value === undefined) return
    if (typeof value === 'string') return this.part('text')
    if (!isList(value) || depth > depthMax) throw new Unread(`"${at}" must be a text or a list of parts`)
    for (const [index, one] of value.entries()) {
      const part = Reader.of(one, `${at}.${index}`)
      this.part(part.needed('type'))
      each(part)
      this.content(part.value('content'), part.path('content'), each, depth + 1)
      const source = part.value('source')
      if (typeof source === 'object')
        this.content(Reader.of(source).value('content'), part.path('source.content'), each, depth + 1)
    }
  }

  told(): Pick<Asked, 'messages' | 'roles' | 'parts' | 'tool_results' | 'images' | 'files' | 'audio'> {
    const parts = listed(this.#parts, 'kinds of content')
    return {
      messages: this.#messages,
      roles: listed(this.#roles, 'roles'),
      parts,
      tool_results: listed(this.#results, 'tools'),
      images: parts.some((part) => images.has(part)),
      files: parts.some((part) => files.has(part)),
      audio: parts.some((part) => audio.has(part)),
    }
  }
}

/** A kind of content: numbers in the place of a text, which nobody here can read. */
export const tokens = 'tokens'

const depthMax = 4
const images = new Set(['image_url', 'input_image', 'image', 'computer_screenshot', 'computer_call_output'])
const files = new Set(['file', 'input_file', 'document', 'container_upload'])
const audio = new Set(['input_audio', 'audio'])

const namesMax = 256

/** Each once, in the order in which they came. */
export function listed(names: Iterable<string>, what: string): readonly string[] {
  const all = [...new Set(names)]
  if (all.length > namesMax) throw new Unread(`it names more than ${namesMax} ${what}`)
  return all
}
