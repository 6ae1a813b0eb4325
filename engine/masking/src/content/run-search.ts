import { noValue, valueOf, type Alphabet } from './alphabet.ts'
import type { Finding } from './finder.ts'
import { followingBytes, TextReading } from './text-reading.ts'
import type { ValueMask } from './value-mask.ts'

/** Shorter ones say nothing that is looked for, and words look like them. */
export const runCharsMin = 12
/** A line that is shorter has ended by itself, and what follows is no rest of it. */
const lineCharsMin = 48
const padsMax = 2

/**
 * Finds runs of the characters of an alphabet that say a text in which there is something to find: in a text that comes in
 * pieces, the same however it is cut. A run says what it is from its start or from behind a sign that also divides words
 * on, for as long as that is a text; lines of base64 are one run. It is looked into whole, and when it is long in blocks,
 * two at a time: what is found hides both.
 */
export class RunSearch {
  readonly #alphabet: Alphabet
  readonly #blockChars: number
  readonly #look: (text: string) => ValueMask | undefined
  /** What may still be needed of the text, and where it begins. */
  #kept = ''
  #keptFrom = 0
  /** Up to where it has been read. */
  #at = 0
  /** Within a run. */
  #runs = false
  #pads = 0
  #lineFrom = 0
  /** Where the line ended behind which the run may go on; -1 within a line. */
  #brokenAt = -1
  readonly #readings: TextReading[] = []
  #found: Finding[] = []
  /** Nothing that is found from now on begins before it. */
  settled = 0

  /** `look` says what becomes of a text; no value that it finds has more than `blockBytes`: a multiple of 12. */
  constructor(alphabet: Alphabet, blockBytes: number, look: (text: string) => ValueMask | undefined) {
    this.#alphabet = alphabet
    this.#blockChars = (8 * blockBytes) / alphabet.bitsEach
    this.#look = look
  }

  /** What was found meanwhile, counted from the beginning of all that has come. */
  push(piece: string): readonly Finding[] {
    this.#kept += piece
    const text = this.#runs ? piece : this.#kept
    const from = this.#runs ? this.#at : this.#keptFrom
    this.#at = from + this.#scan(text, from)
    this.settled = this.#begun()
    this.#keep(this.#runs ? this.settled : this.#at - 1)
    return this.#taken()
  }

  /** The same when nothing comes behind it; what comes all the same is a text of its own. */
  end(): readonly Finding[] {
    const end = this.#keptFrom + this.#kept.length
    if (this.#runs) this.#endRun(end)
    this.#at = this.settled = end
    this.#keep(end)
    return this.#taken()
  }

  /** Answers with where to go on once there is more. */
  #scan(text: string, from: number): number {
    let at = 0
    while (at < text.length) {
      if (!this.#runs) {
        at = nextRun(this.#alphabet, text, at)
        if (text.length - at < runCharsMin) break
        this.#runs = true
        this.#lineFrom = from + at
        at = startOf(text, at)
        this.#start(text, at, from)
      }
      at = this.#read(text, at, from)
    }
    return at
  }

  /** Up to the end of the run. */
  #read(text: string, start: number, from: number): number {
    const readings = this.#readings
    const { divides } = this.#alphabet
    for (let at = start; at < text.length; at++) {
      if (readings.length === 0) at = plainEnd(this.#alphabet, text, at)
      if (at === text.length) break
      const unit = text.charCodeAt(at)
      const value = valueOf(this.#alphabet, unit)
      if (value === noValue ? !this.#goesOn(unit, from + at) : this.#pads > 0) {
        this.#endRun(from + at)
        return at
      }
      if (value === noValue) continue
      if (this.#brokenAt >= 0) this.#nextLine(text, at, from)
      if (readings.length > 0) this.#take(value, from + at + 1)
      if (value >= divides) this.#start(text, at + 1, from)
    }
    return text.length
  }

  #take(value: number, end: number): void {
    const readings = this.#readings
    for (let place = readings.length - 1; place >= 0; place--) {
      const reading = readings[place]
      if (reading === undefined) continue
      if (!reading.take(value, end)) {
        readings.splice(place, 1)
        this.#conclude(reading, reading.textEnd)
      } else if (reading.chars % this.#blockChars === 0) this.#block(reading, end)
    }
  }

  /** Text may begin there, unless one is read already of which this would be the rest. */
  #start(text: string, at: number, from: number): void {
    if (!maySay(this.#alphabet, text, at, Math.min(text.length, at + triedChars))) return
    for (const reading of this.#readings) if (reading.isAnew(this.#alphabet.group)) return
    this.#readings.push(new TextReading(this.#alphabet, from + at))
  }

  /** Whether a character that stands for nothing may be within the run or close it. */
  #goesOn(unit: number, at: number): boolean {
    if (unit === sign.pad) {
      if (this.#alphabet.name !== 'base64' || this.#brokenAt >= 0 || this.#pads === padsMax) return false
      return this.#readings.length > 0 && this.#pads++ < padsMax
    }
    if (this.#brokenAt >= 0) return unit === sign.newline && at === this.#brokenAt + 1
    if (unit !== sign.newline && unit !== sign.carriageReturn) return false
    if (this.#pads > 0 || at - this.#lineFrom < lineCharsMin) return false
    for (const reading of this.#readings.filter(({ chars }) => chars % this.#alphabet.group > 0)) {
      this.#readings.splice(this.#readings.indexOf(reading), 1)
      this.#conclude(reading, at)
    }
    this.#brokenAt = at
    return this.#readings.length > 0
  }

  #nextLine(text: string, at: number, from: number): void {
    this.#brokenAt = -1
    this.#lineFrom = from + at
    this.#start(text, at, from)
  }

  #endRun(at: number): void {
    const end = this.#brokenAt >= 0 ? this.#brokenAt : at
    if (this.#readings.length > 0)
      for (const reading of this.#readings.splice(0)) this.#conclude(reading, end)
    this.#runs = false
    this.#pads = 0
    this.#brokenAt = -1
  }

  /** A block has ended: the one before it can be decided. */
  #block(reading: TextReading, end: number): void {
    const { from, blockEnd } = reading
    if (blockEnd !== undefined) {
      const mask = this.#maskOf(from, end)
      this.#hide(from, blockEnd, mask ?? reading.marked)
      reading.from = blockEnd
      reading.marked = mask
    }
    reading.blockEnd = end
  }

  #conclude({ from, blockEnd, marked }: TextReading, end: number): void {
    const mask = this.#maskOf(from, end)
    if (mask === undefined && blockEnd !== undefined) this.#hide(from, blockEnd, marked)
    else this.#hide(from, end, mask)
  }

  #hide(start: number, end: number, mask: ValueMask | undefined): void {
    if (mask !== undefined) this.#found.push({ start, end, mask, encoded: true })
  }

  #maskOf(from: number, end: number): ValueMask | undefined {
    if (end - from < runCharsMin) return undefined
    const chars = this.#kept.slice(from - this.#keptFrom, end - this.#keptFrom)
    return this.#look(Buffer.from(chars.replaceAll(/[\r\n]/g, ''), this.#alphabet.name).toString())
  }

  /** Where what is begun begins, of which it is not known yet whether it says something. */
  #begun(): number {
    if (this.#runs)
      return this.#readings.reduce(
        (least, { from }) => Math.min(least, from),
        this.#brokenAt >= 0 ? this.#brokenAt : this.#at,
      )
    const start = this.#at - this.#keptFrom
    let at = startOf(this.#kept, start)
    while (at < this.#kept.length && !maySay(this.#alphabet, this.#kept, at, this.#kept.length)) {
      while (
        at < this.#kept.length &&
        valueOf(this.#alphabet, this.#kept.charCodeAt(at)) < this.#alphabet.divides
      )
        at++
      at++
    }
    return this.#keptFrom + Math.min(at, this.#kept.length)
  }

  #keep(from: number): void {
    const forgotten = from - this.#keptFrom
    if (forgotten <= 0) return
    this.#kept = this.#kept.slice(forgotten)
    this.#keptFrom = from
  }

  #taken(): readonly Finding[] {
    const found = this.#found
    if (found.length > 0) this.#found = []
    return found
  }
}

const sign = { newline: 0x0a, carriageReturn: 0x0d, pad: 0x3d } as const

/**
 * Where the next run begins that is long enough, or that the end of the text cuts off: a character that is none of it rules
 * out all that would go over it, so most are never looked at.
 */
export function nextRun({ values }: Alphabet, text: string, from: number): number {
  const isOf = (at: number): boolean => {
    const unit = text.charCodeAt(at)
    return unit < 0x80 && values[unit] !== noValue
  }
  let start = from
  let last = from + runCharsMin - 1
  while (last < text.length) {
    let at = last
    while (at >= start && isOf(at)) at--
    if (at < start) return start
    start = at + 1
    last = at + runCharsMin
  }
  let at = text.length
  while (at > start && isOf(at - 1)) at--
  return at
}

/** The letter of an escaped line break or tab is no part of what follows it. */
function startOf(text: string, at: number): number {
  return text[at - 1] === '\\' && /[nrt]/.test(text.charAt(at)) ? at + 1 : at
}

/** Most of what is no text is none by so many characters: groups of every alphabet. */
const triedChars = 4

/** Whether the characters may be the beginning of a text; one that is none of the alphabet ends it. */
function maySay({ bitsEach, values }: Alphabet, text: string, start: number, end: number): boolean {
  let bits = 0
  let held = 0
  let following = 0
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at)
    const value = unit < 0x80 ? (values[unit] ?? noValue) : noValue
    if (value === noValue) return true
    held = ((held << bitsEach) | value) & 0x3fff
    bits += bitsEach
    if (bits < 8) continue
    bits -= 8
    following = followingBytes((held >> bits) & 0xff, following)
    if (following < 0) return false
  }
  return true
}

/** Before the next character that ends the run or divides it. */
function plainEnd({ values, divides }: Alphabet, text: string, start: number): number {
  let at = start
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 0x80 || (values[unit] ?? noValue) >= divides) break
  }
  return at
}
