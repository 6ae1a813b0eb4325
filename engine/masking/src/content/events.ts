import { Channels, type NamedData, type Told } from './channels.ts'
import { deltasOf, nothingTold, type DeltaEvent } from './deltas.ts'
import { EventLines, type EventLine, type RawEvent } from './event-lines.ts'
import { parsedJson } from './json.ts'
import type { Rewriter, Treatment } from './treatment.ts'
import { Unreadable } from './unreadable.ts'

/**
 * Server-sent events. Data that is JSON is masked as such, `$` being the data of one event; other data is text. Names,
 * ids and comments are looked at by detectors too. What is not masked leaves as it came.
 */
export class EventsRewriter implements Rewriter {
  readonly #treatment: Treatment
  readonly #lines = new EventLines()
  readonly #channels: Channels
  #waiting: Read | undefined

  constructor(treatment: Treatment) {
    this.#treatment = treatment
    this.#channels = new Channels(treatment)
  }

  push(piece: Buffer): Buffer {
    return Buffer.concat(this.#lines.push(piece).flatMap((event) => this.#told(read(event), false)))
  }

  end(): Buffer {
    const last = this.#lines.end()
    const shown = last === undefined ? this.#waited(nothingTold) : this.#told(read(last), true)
    return Buffer.concat([...shown, ...this.#channels.end().map(spelledEvent)])
  }

  /** What may leave now: one that says of a text that it is finished waits for the next one, which may belie it. */
  #told(next: Read, ends: boolean): readonly Buffer[] {
    const before = this.#waited(next.spoken)
    if (ends || !this.#channels.mayFinish(next.spoken)) return [...before, this.#event(next, [], ends)]
    this.#waiting = next
    return before
  }

  #waited(next: DeltaEvent): readonly Buffer[] {
    const event = this.#waiting
    if (event === undefined) return []
    this.#waiting = undefined
    return [this.#event(event, this.#channels.finished(event.spoken, next), false)]
  }

  #event(event: Read, finished: readonly string[], ends: boolean): Buffer {
    const { raw, data } = event
    const told = data === undefined ? undefined : this.#data(event, data, finished, ends)
    const shown = this.#spelled(raw.lines, told === undefined || told.data === data ? undefined : told.data)
    return Buffer.concat([...(told?.before ?? []).map(spelledEvent), shown ?? raw.bytes])
  }

  #data({ raw, document, spoken }: Read, data: string, finished: readonly string[], ends: boolean): Told {
    const name = raw.lines.findLast(({ field }) => field === 'event')?.value
    const shownName = name === undefined ? name : oneLine(this.#found(name))
    if (data === done) return { before: this.#channels.end(), data }
    if (document !== undefined) {
      const closes = [...spoken.closes, ...finished]
      return this.#channels.tell(shownName, data, document, { deltas: spoken.deltas, closes }, ends)
    }
    const { root } = this.#treatment
    // A client that forgives more than we do would find in it what a path hides.
    const hides = !root.settled || root.mask !== undefined
    if (hides && /^\s*[{["]/.test(data)) throw new Unreadable('the data of an event is no valid JSON')
    return { before: ends ? this.#channels.end() : [], data: this.#found(data) }
  }

  /** The lines with other data in the place of their own; `undefined` when they stay as they are. */
  #spelled(lines: readonly EventLine[], data: string | undefined): Buffer | undefined {
    let changed = false
    let told = false
    const shown = lines.map(({ field, spelled, end }) => {
      if (field !== 'data') {
        const line = this.#found(spelled)
        if (line === spelled) return line + end
        changed = true
        return oneLine(line) + end
      }
      if (data === undefined) return spelled + end
      if (told) return ''
      told = changed = true
      return dataLines(data) + end
    })
    return changed ? Buffer.from(shown.join('')) : undefined
  }

  #found(text: string): string {
    const { finder, tally } = this.#treatment
    return finder.masked(text, tally)
  }
}

/** An event, and what it says. */
interface Read {
  readonly raw: RawEvent
  /** `undefined`: there is no field of that name. */
  readonly data: string | undefined
  /** What the data is as JSON; `undefined` when it is none. */
  readonly document: unknown
  readonly spoken: DeltaEvent
}

function read(raw: RawEvent): Read {
  const lines = raw.lines.filter(({ field }) => field === 'data').map(({ value }) => value)
  if (lines.length === 0) return { raw, data: undefined, document: undefined, spoken: nothingTold }
  const data = lines.join('\n')
  const document = data === done ? undefined : parsedJson(data)
  return { raw, data, document, spoken: deltasOf(document) }
}

/** What OpenAI's streams say last. */
const done = '[DONE]'

/** What stands in the place of a value must not become a line of its own. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}

function dataLines(data: string): string {
  return data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}`)
    .join('\n')
}

function spelledEvent({ name, data }: NamedData): Buffer {
  return Buffer.from(`${name === undefined ? '' : `event: ${name}\n`}${dataLines(data)}\n\n`)
}
