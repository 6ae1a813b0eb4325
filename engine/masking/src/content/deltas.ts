import { depthMax } from './limits.ts'
import { isTokens } from './model-answer.ts'
import { Unreadable } from './unreadable.ts'

/** A piece of a longer text in an event of a language model's stream. */
export interface Delta {
  /** Of which text it is a piece, e.g. `choices/0/content`. */
  readonly channel: string
  /** A JSON text is cut anywhere, too. */
  readonly kind: 'text' | 'json'
  /** Where in the event it stands. */
  readonly at: readonly (string | number)[]
  readonly text: string
}

export interface DeltaEvent {
  readonly deltas: readonly Delta[]
  /** Beginnings of the names of channels that have no more pieces. */
  readonly closes: readonly string[]
  /** The same of those of which it says so; some servers say it with each piece. */
  readonly finishes: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

/** Of an event that tells no text. */
export const nothingTold: DeltaEvent = { deltas: [], closes: [], finishes: [] }

/** Known by their shape, whichever server sends them; other events have no deltas. Throws `Unreadable`. */
export function deltasOf(event: unknown): DeltaEvent {
  if (!isFields(event)) return nothingTold
  if (isDeeper(event, depthMax)) throw new Unreadable('JSON is nested too deep')
  if (Array.isArray(event['choices'])) return ofChoices(event['choices'])
  if (Array.isArray(event['candidates'])) return ofCandidates(event['candidates'])
  if (typeof event['done'] === 'boolean') return ofLine(event, event['done'])
  if (typeof event['object'] === 'string' && ofThreads.test(event['object']))
    return ofThread(event['object'], event)
  const type = typeof event['type'] === 'string' ? event['type'] : ''
  if (ends.has(type)) return { ...nothingTold, closes: [''] }
  if (type === 'completion') return ofCompletion(event)
  if (type.startsWith('content_block_')) return ofBlock(type, event)
  if (type.endsWith('.delta') || type.endsWith('.done')) return ofPart(type, event)
  return nothingTold
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1))
}

const ends = new Set([
  'message_stop',
  'error',
  'response.completed',
  'response.failed',
  'response.incomplete',
])

/** OpenAI's chat completions, and the older completions; many other servers speak like them. */
function ofChoices(choices: readonly unknown[]): DeltaEvent {
  const deltas: Delta[] = []
  const finishes: string[] = []
  for (const [position, choice] of choices.entries()) {
    if (!isFields(choice)) continue
    const channel = `choices/${indexOf(choice, position)}/`
    const { delta, text, finish_reason: finish } = choice
    if (typeof text === 'string')
      deltas.push({ channel: `${channel}text`, kind: 'text', at: ['choices', position, 'text'], text })
    deltas.push(...leaves(delta, channel, ['choices', position, 'delta']))
    if (finish !== undefined && finish !== null) finishes.push(channel)
  }
  return { deltas, closes: [], finishes }
}

/** Gemini's contents. */
function ofCandidates(candidates: readonly unknown[]): DeltaEvent {
  const deltas: Delta[] = []
  const finishes: string[] = []
  for (const [position, candidate] of candidates.entries()) {
    if (!isFields(candidate)) continue
    const channel = `candidates/${indexOf(candidate, position)}/`
    const content = isFields(candidate['content']) ? candidate['content'] : {}
    const parts: readonly unknown[] = Array.isArray(content['parts']) ? content['parts'] : []
    for (const [place, part] of parts.entries()) {
      const text = isFields(part) ? part['text'] : undefined
      if (!isFields(part) || typeof text !== 'string') continue
      const at = ['candidates', position, 'content', 'parts', place, 'text']
      deltas.push({
        channel: `${channel}${part['thought'] === true ? 'thought' : 'text'}`,
        kind: 'text',
        at,
        text,
      })
    }
    if (candidate['finishReason'] !== undefined) finishes.push(channel)
  }
  return { deltas, closes: [], finishes }
}

/** Ollama's answers, in which each line is a piece; the last one is done. */
function ofLine(line: Fields, done: boolean): DeltaEvent {
  const message = isFields(line['message']) ? line['message'] : {}
  const places: readonly (readonly [unknown, readonly string[]])[] = [
    [line['response'], ['response']],
    [line['thinking'], ['thinking']],
    [message['content'], ['message', 'content']],
    [message['thinking'], ['message', 'thinking']],
  ]
  const deltas = places.flatMap(([text, at]): readonly Delta[] =>
    typeof text === 'string' ? [{ channel: `lines/${at.join('/')}`, kind: 'text', at, text }] : [],
  )
  return deltas.length === 0 ? nothingTold : { ...nothingTold, deltas, closes: done ? ['lines/'] : [] }
}

/** What assistants of OpenAI say in a thread: a message or a step in pieces, and then as a whole. */
function ofThread(object: string, event: Fields): DeltaEvent {
  const isPiece = object.endsWith('.delta')
  const channel = `${isPiece ? object : `${object}.delta`}/${JSON.stringify(event['id'])}/`
  if (isPiece) return { ...nothingTold, deltas: leaves(event['delta'], channel, ['delta']) }
  return event['status'] === 'in_progress' ? nothingTold : { ...nothingTold, closes: [channel] }
}

const ofThreads = /^thread\.(?:message|run\.step)(?:\.delta)?$/

/** What Anthropic's models said before there were messages. */
function ofCompletion({ completion: text, stop_reason: stop }: Fields): DeltaEvent {
  const channel = 'completion/text/'
  const deltas =
    typeof text === 'string' ? [{ channel, kind: 'text', at: ['completion'], text } as const] : []
  return { ...nothingTold, deltas, finishes: typeof stop === 'string' ? [channel] : [] }
}

/** Anthropic's messages. */
function ofBlock(type: string, event: Fields): DeltaEvent {
  const channel = `blocks/${indexOf(event, 0)}/`
  if (type === 'content_block_stop') return { ...nothingTold, closes: [channel] }
  if (type === 'content_block_start')
    return { ...nothingTold, deltas: begun(event['content_block'], channel) }
  return { ...nothingTold, deltas: leaves(event['delta'], channel, ['delta']) }
}

/** The beginning of a text, which hardly anybody tells here. */
function begun(block: unknown, channel: string): readonly Delta[] {
  return ['text', 'thinking'].flatMap((name): readonly Delta[] => {
    const text = isFields(block) ? block[name] : undefined
    if (typeof text !== 'string' || text === '') return []
    return [{ channel: `${channel}${name}`, kind: 'text', at: ['content_block', name], text }]
  })
}

/** OpenAI's responses: `response.output_text.delta` and its like, ended by `response.output_text.done`. */
function ofPart(type: string, event: Fields): DeltaEvent {
  const of = ['item_id', 'output_index', 'content_index', 'summary_index'].map((name) => event[name])
  const kind = type.includes('arguments') ? 'json' : 'text'
  const channel = JSON.stringify([type.slice(0, type.lastIndexOf('.')), ...of])
  if (type.endsWith('.done')) return { ...nothingTold, closes: [channel] }
  const text = event['delta']
  return typeof text === 'string'
    ? { ...nothingTold, deltas: [{ channel, kind, at: ['delta'], text }] }
    : nothingTold
}

/** Members that say what a delta is, not what it tells, or that come as a whole: clients take the last, or make a list of them. */
const labels = new Set(['role', 'id', 'type', 'name', 'format', 'signature'])
const wholes = new Set(['citation', 'citations', 'annotations'])
const jsonTexts = new Set(['arguments', 'partial_json'])

function leaves(value: unknown, channel: string, at: readonly (string | number)[]): readonly Delta[] {
  const own = at.at(-1)
  if (typeof value === 'string') {
    if (typeof own !== 'string' || labels.has(own)) return []
    return [{ channel: channel.slice(0, -1), kind: jsonTexts.has(own) ? 'json' : 'text', at, text: value }]
  }
  if (Array.isArray(value))
    return value.flatMap((part: unknown, position) =>
      leaves(part, `${channel}${indexOf(part, position)}/`, [...at, position]),
    )
  if (!isFields(value)) return []
  return Object.entries(value).flatMap(([name, part]) =>
    wholes.has(name) ? [] : leaves(part, `${channel}${name}/`, [...at, name]),
  )
}

/** Pieces of one thing say its number; where they stand in their event says nothing. */
function indexOf(value: unknown, position: number): number {
  const index = isFields(value) ? value['index'] : undefined
  return typeof index === 'number' ? index : position
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An event like this one in which nothing is told but `text`, in the place of one of its deltas. */
export function remainder(event: unknown, at: readonly (string | number)[], text: string): unknown {
  return reduced(event, at, text, true)
}

function reduced(
  value: unknown,
  at: readonly (string | number)[],
  text: string,
  outermost: boolean,
): unknown {
  const [part, ...rest] = at
  if (part === undefined) return text
  if (Array.isArray(value)) return [reduced(value[Number(part)], rest, text, false)]
  const kept = Object.entries(isFields(value) ? value : {}).flatMap(([name, member]): [string, unknown][] => {
    if (name === part) return [[name, reduced(member, rest, text, false)]]
    if (name === 'finish_reason') return [[name, null]]
    if (outermost) return Array.isArray(member) ? [[name, []]] : isFields(member) ? [] : [[name, member]]
    // Clients add up what they find here: a name told twice would be another name.
    return name === 'index' || name === 'type' ? [[name, member]] : []
  })
  return Object.fromEntries(kept)
}

/** The same event without what repeats its deltas token by token. */
export function withoutTokens(event: unknown): unknown {
  if (Array.isArray(event)) return event.map(withoutTokens)
  if (!isFields(event)) return event
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => {
      if (!isTokens(name) && !(name === 'context' && 'done' in event)) return [name, withoutTokens(value)]
      return [name, Array.isArray(value) ? [] : null]
    }),
  )
}

/** The same event with other texts in the places of its deltas. */
export function withTexts(event: unknown, texts: ReadonlyMap<string, string>, at = ''): unknown {
  const instead = texts.get(at)
  if (instead !== undefined) return instead
  if (Array.isArray(event))
    return event.map((part: unknown, index) => withTexts(part, texts, placeOf(at, index)))
  if (!isFields(event)) return event
  return Object.fromEntries(
    Object.entries(event).map(([name, part]) => [name, withTexts(part, texts, placeOf(at, name))]),
  )
}

/** The key of a delta's place. */
export function placeOf(of: string, part: string | number): string {
  return `${of}/${part}`
}
