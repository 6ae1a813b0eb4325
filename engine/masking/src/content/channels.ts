import { placeOf, remainder, withoutTokens, withTexts, type Delta, type DeltaEvent } from './deltas.ts'
import { JsonRewriter, rewrittenDocument } from './json.ts'
import { channelsMax, nestedMax } from './limits.ts'
import type { PathNode } from './path-tree.ts'
import { TextWindow, type Flow } from './text-window.ts'
import type { Treatment } from './treatment.ts'
import { Unreadable } from './unreadable.ts'

/** The data of an event as it may be shown, and of events that must come before it. */
export interface Told {
  readonly before: readonly NamedData[]
  readonly data: string
}

export interface NamedData {
  /** The field `event`, where there is one. */
  readonly name: string | undefined
  readonly data: string
}

interface Channel {
  readonly flow: Flow
  /** The last event that told something of it. */
  last: { readonly name: string | undefined; readonly event: unknown; readonly delta: Delta } | undefined
}

/**
 * The texts that a language model's stream tells in pieces. Each is masked as one text; what must be held back leaves
 * with the next piece of the same text, and when it ends in an event of its own, made like the last one.
 */
export class Channels {
  readonly #treatment: Treatment
  readonly #open = new Map<string, Channel>()
  /** What goes on although it was said to be finished: that means nothing there. */
  readonly #endless = new Set<string>()

  constructor(treatment: Treatment) {
    this.#treatment = treatment
  }

  /** Whether what comes next decides what is told with an event: the rest of a text, or not if it goes on. */
  mayFinish({ finishes }: DeltaEvent): boolean {
    return finishes.some((each) => !this.#endless.has(each))
  }

  /** What of an event is finished, as the next one shows, so that it can be told. */
  finished({ finishes }: DeltaEvent, next: DeltaEvent): readonly string[] {
    // What is said again is said of each piece, of empty ones too.
    const goOn = new Set(next.finishes)
    for (const { channel, text } of next.deltas) if (text !== '') goOn.add(wholeOf(channel))
    for (const each of finishes) if (goOn.has(each)) this.#endless.add(each)
    return finishes.filter((each) => !this.#endless.has(each))
  }

  /** The data of one event, behind which there is no more of what it `closes`; `ends` when nothing comes behind it. */
  tell(
    name: string | undefined,
    data: string,
    event: unknown,
    { deltas: all, closes }: Pick<DeltaEvent, 'deltas' | 'closes'>,
    ends: boolean,
  ): Told {
    const deltas = all.filter((delta) => this.#flows(delta))
    const texts = deltas.map((delta) => this.#channel(delta).flow.push(delta.text))
    const before = this.#close(ends ? [''] : closes, (channel, rest) => {
      const own = deltas.findLastIndex((delta) => delta.channel === channel)
      if (own >= 0) texts[own] += rest
      return own >= 0
    })
    if (deltas.length === 0) return { before, data: this.#document(data) }
    return { before, data: this.#assembled(name, event, deltas, texts) }
  }

  /** What is left of all texts. */
  end(): readonly NamedData[] {
    return this.#close([''], () => false)
  }

  /** What else is in the event is masked without the texts, which are put back into it then. */
  #assembled(
    name: string | undefined,
    event: unknown,
    deltas: readonly Delta[],
    texts: readonly string[],
  ): string {
    const places = deltas.map(({ at }) => at.reduce<string>(placeOf, ''))
    const emptied = withTexts(event, new Map(places.map((place) => [place, ''])))
    const rest = this.#treatment.finder.idle ? emptied : withoutTokens(emptied)
    const shown = JSON.parse(this.#document(JSON.stringify(rest))) as unknown
    for (const delta of deltas) {
      const channel = this.#open.get(delta.channel)
      if (channel !== undefined) channel.last = { name, event: shown, delta }
    }
    return JSON.stringify(withTexts(shown, new Map(places.map((place, at) => [place, texts[at] ?? '']))))
  }

  #document(data: string): string {
    return rewrittenDocument(new JsonRewriter(this.#treatment), data)
  }

  /** A piece that a path masks is masked where it stands, and one in which nothing is looked for stays as it is. */
  #flows({ at }: Delta): boolean {
    const node = nodeAt(this.#treatment.root, at)
    return node.mask === undefined && !(node.settled && this.#treatment.finder.idle)
  }

  #channel(delta: Delta): Channel {
    const known = this.#open.get(delta.channel)
    if (known !== undefined) return known
    if (this.#open.size >= channelsMax) throw new Unreadable('a stream tells too many texts at once')
    const node = nodeAt(this.#treatment.root, delta.at)
    const channel = { flow: flowOf(this.#treatment, delta.kind, node), last: undefined }
    this.#open.set(delta.channel, channel)
    return channel
  }

  #close(
    prefixes: readonly string[],
    take: (channel: string, rest: string) => boolean,
  ): readonly NamedData[] {
    const left: NamedData[] = []
    for (const [key, { flow, last }] of this.#open) {
      if (!prefixes.some((prefix) => key.startsWith(prefix))) continue
      this.#open.delete(key)
      const rest = flow.end()
      if (take(key, rest) || rest === '' || last === undefined) continue
      left.push({ name: last.name, data: JSON.stringify(remainder(last.event, last.delta.at, rest)) })
    }
    return left
  }
}

/** The beginning that all texts of one choice, or of one candidate, share. */
function wholeOf(channel: string): string {
  return channel.slice(0, channel.indexOf('/', channel.indexOf('/') + 1) + 1)
}

function nodeAt(root: PathNode, at: readonly (string | number)[]): PathNode {
  return at.reduce<PathNode>(
    (node, part) => (typeof part === 'string' ? node.member(part) : node.element(part)),
    root,
  )
}

function flowOf(treatment: Treatment, kind: Delta['kind'], node: PathNode): Flow {
  const { finder, tally } = treatment
  const json = (): Flow => new JsonFlow(new JsonRewriter(treatment, node, nestedMax - 1))
  const text = (): Flow => new TextWindow(finder, tally)
  if (kind === 'json') return json()
  return node.settled ? text() : new AnswerFlow(json, text)
}

/** A document that comes in pieces. When it is cut off, what is held back of it stays back. */
class JsonFlow implements Flow {
  readonly #rewriter: JsonRewriter

  constructor(rewriter: JsonRewriter) {
    this.#rewriter = rewriter
  }

  push(text: string): string {
    return this.#rewriter.push(Buffer.from(text)).toString()
  }

  end(): string {
    return ''
  }
}

/** A model may answer with a document, in which paths lead to values: its first characters say so. */
class AnswerFlow implements Flow {
  readonly #json: () => Flow
  readonly #text: () => Flow
  #begun = ''
  #flow: Flow | undefined

  constructor(json: () => Flow, text: () => Flow) {
    this.#json = json
    this.#text = text
  }

  push(text: string): string {
    if (this.#flow !== undefined) return this.#flow.push(text)
    const begun = this.#begun + text
    if (undecided.test(begun)) {
      this.#begun = begun
      return ''
    }
    this.#flow = opensDocument.test(begun) ? this.#json() : this.#text()
    return this.#flow.push(begun)
  }

  end(): string {
    return this.#flow?.end() ?? this.#begun
  }
}

/** A list of objects, too; any other text may begin with a bracket. */
const opensDocument = /^[ \t\r\n]*(?:\[[ \t\r\n]*)?\{/
const undecided = /^[ \t\r\n]*(?:\[[ \t\r\n]*)?$/
