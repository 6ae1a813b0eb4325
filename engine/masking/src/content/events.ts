import { Channels, type NamedData, type Told } from './channels.ts'
import { EventLines, type EventLine, type RawEvent } from './event-lines.ts'
import { parsedJson } from './json.ts'
import { depthMax } from './limits.ts'
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

  constructor(treatment: Treatment) {
    this.#treatment = treatment
    this.#channels = new Channels(treatment)
  }

  push(piece: Buffer): Buffer {
    return Buffer.concat(this.#lines.push(piece).map((event) => this.#event(event, false)))
  }

  end(): Buffer {
    const last = this.#lines.end()
    const shown = last === undefined ? [] : [this.#event(last, true)]
    return Buffer.concat([...shown, ...this.#channels.end().map(spelledEvent)])
  }

  #event({ bytes, lines }: RawEvent, ends: boolean): Buffer {
    const data = lines.filter(({ field }) => field === 'data').map(({ value }) => value)
    const name = lines.findLast(({ field }) => field === 'event')?.value
    const whole = data.join('\n')
    const told =
      data.length === 0
        ? undefined
        : this.#told(name === undefined ? name : oneLine(this.#found(name)), whole, ends)
    const shown = this.#spelled(lines, told === undefined || told.data === whole ? undefined : told.data)
    return Buffer.concat([...(told?.before ?? []).map(spelledEvent), shown ?? bytes])
  }

  #told(name: string | undefined, data: string, ends: boolean): Told {
    if (data === done) return { before: this.#channels.end(), data }
    const event = parsedJson(data)
    if (isDeeper(event, depthMax)) throw new Unreadable('JSON is nested too deep')
    if (event !== undefined) return this.#channels.tell(name, data, event, ends)
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

/** What OpenAI's streams say last. */
const done = '[DONE]'

/** What stands in the place of a value must not become a line of its own. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1))
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
