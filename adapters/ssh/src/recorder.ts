import { StringDecoder } from 'node:string_decoder'
import type { Terminal } from './normalise.ts'
import { frame } from './recorded-frames.ts'
import type { Ending } from './replies.ts'

/** Writes down what a caller sees. */
export interface Recorder {
  output(kind: 'stdout' | 'stderr', bytes: Buffer): Buffer
  end(reply: Ending): Buffer
  /** Whether somebody may be looking on as it comes. */
  readonly live: boolean
  /** Whether anything was written down since the last pause. */
  paused(): boolean
  /** The window has another size from now on. */
  resized(columns: number, rows: number): void
}

/** A program without a terminal: its streams, byte by byte. */
export const frames: Recorder = {
  output: (kind, bytes) => frame(kind, bytes),
  end: (reply) => frame('end', JSON.stringify(reply)),
  live: false,
  paused: () => false,
  resized: () => {},
}

/**
 * What a terminal showed, and when: asciicast v2, one JSON value a line, the first of them the head. How it ended is a line
 * of its own kind, which players skip. What was typed is not in it but where it was echoed, as passwords are not.
 */
export class Asciicast implements Recorder {
  readonly live = true
  readonly #startedMs = performance.now()
  readonly #characters = { stdout: new StringDecoder(), stderr: new StringDecoder() }
  readonly #terminal: Terminal
  readonly #title: string
  #written = false
  #head = ''
  #resized = ''

  constructor(terminal: Terminal, title: string) {
    this.#terminal = terminal
    this.#title = title
  }

  output(kind: 'stdout' | 'stderr', bytes: Buffer): Buffer {
    const text = this.#characters[kind].write(bytes)
    return this.#lines(text === '' ? '' : this.#line('o', text))
  }

  end(reply: Ending): Buffer {
    const { stdout, stderr } = this.#characters
    const rest = stdout.end() + stderr.end()
    return this.#lines((rest === '' ? '' : this.#line('o', rest)) + this.#line('x', JSON.stringify(reply)))
  }

  paused(): boolean {
    const written = this.#written
    this.#written = false
    return written
  }

  resized(columns: number, rows: number): void {
    // Of many before the next output the last is what that is written on; a caller may send them without end.
    this.#resized = this.#line('r', `${columns}x${rows}`)
  }

  #line(code: 'o' | 'r' | 'x', data: string): string {
    const seconds = ((performance.now() - this.#startedMs) / 1_000).toFixed(6)
    return `[${seconds}, ${JSON.stringify(code)}, ${JSON.stringify(data)}]\n`
  }

  #lines(text: string): Buffer {
    const before = (this.#head === '' ? this.#headLine() : '') + this.#resized
    this.#resized = ''
    this.#written = true
    return Buffer.from(before + text)
  }

  #headLine(): string {
    const { columns, rows, term } = this.#terminal
    // Who has no terminal and asks for one says 0, of which players make nothing.
    const [width, height] = [columns || 80, rows || 24]
    this.#head = `${JSON.stringify({ version: 2, width, height, title: this.#title, env: { TERM: term } })}\n`
    return this.#head
  }
}
