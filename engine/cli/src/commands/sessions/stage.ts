import type { AnswerPart } from '@sluice/core'
import { parseCast, Screen, sizeOf } from '@sluice/terminal'
import type { Io } from '../../command.ts'
import { Pace, type PaceOptions } from './pace.ts'
import { Painter, type Window } from './painter.ts'

type TerminalPart = AnswerPart & { readonly kind: 'terminal' }

export interface StageOptions extends PaceOptions {
  readonly window: () => Window
  /** Whose terminal it is. */
  readonly title: string
  /** When its first second began. */
  readonly originMs: number
}

/** More frames in a second nobody sees. */
const frameMs = 33

/** One terminal of a recording, shown in the terminal of who looks on, as fast as it was. */
export class Stage {
  readonly #options: StageOptions
  readonly #io: Io
  readonly #pace: Pace
  readonly #painter = new Painter()
  readonly #screen: Screen
  #news = ''
  #entered = false
  #paintedAt = 0
  #unpainted: NodeJS.Timeout | undefined
  #seconds = 0

  constructor(head: TerminalPart, options: StageOptions, io: Io) {
    const { columns, rows } = parseCast(head.line)
    this.#screen = new Screen(columns, rows)
    this.#options = options
    this.#io = io
    const { originMs, fromMs } = options
    this.#pace = new Pace({ ...options, fromMs: Math.max(originMs, fromMs) }, io.signal)
  }

  async show({ seconds, code, text }: TerminalPart): Promise<void> {
    const { originMs, fromMs } = this.#options
    const atMs = originMs + seconds * 1_000
    if (atMs >= fromMs && !this.#entered) this.#enter()
    await this.#pace.turn(atMs)
    this.#seconds = seconds
    if (code === 'o') this.#screen.write(text)
    if (code === 'r') this.#resize(text)
    if (this.#entered) this.#paintSoon()
  }

  /** Something else happened meanwhile: it is told in full when this is over. */
  tell(news: string): void {
    this.#news = `  ${news}`
    if (this.#entered) this.#paintSoon()
  }

  /** Gives the terminal back, and what was on the screen last as a text. */
  leave(): string | undefined {
    clearTimeout(this.#unpainted)
    if (!this.#entered) return undefined
    this.#entered = false
    this.#io.out(this.#painter.leave())
    return this.#screen.text
  }

  #enter(): void {
    this.#entered = true
    this.#io.out(this.#painter.enter())
    this.#paint()
  }

  #resize(size: string): void {
    const told = sizeOf(size)
    if (told !== undefined) this.#screen.resize(told.columns, told.rows)
  }

  #paintSoon(): void {
    const waitMs = this.#paintedAt + frameMs - performance.now()
    if (waitMs <= 0) this.#paint()
    else this.#unpainted ??= setTimeout(() => this.#paint(), waitMs)
  }

  #paint(): void {
    clearTimeout(this.#unpainted)
    this.#unpainted = undefined
    this.#paintedAt = performance.now()
    this.#io.out(this.#painter.frame(this.#screen, this.#options.window(), this.#status()))
  }

  #status(): string {
    const { speed, title } = this.#options
    const pace = speed === null ? 'live' : speed === 1 ? '' : `× ${speed}`
    return ` ▶ ${clock(this.#seconds)} ${pace}  ${title}  Ctrl-C ends${this.#news}`
  }
}

function clock(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)]
  return `${String(minutes).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}
