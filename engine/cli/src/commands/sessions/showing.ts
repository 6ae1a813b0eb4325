import type { RecordingStep } from '@sluice/api'
import type { Io } from '../../command.ts'
import { printable } from '../../printable.ts'
import { Pace, type PaceOptions } from './pace.ts'
import type { Window } from './painter.ts'
import { Stage } from './stage.ts'
import { headline, stepText } from './step-text.ts'

export interface ShowingOptions extends PaceOptions {
  /** Of the terminals; `null`: as it comes. */
  readonly terminalSpeed: number | null
  readonly window: () => Window
}

/** A piece of what a caller saw. */
type Seen = RecordingStep & { readonly step: 'body' | 'answer' }

/**
 * A session before who looks on: what happened in words, and each terminal on a stage of its own. One is on it at a time;
 * what happens beside it is told, or shown, when it is over.
 */
export class Showing {
  readonly #options: ShowingOptions
  readonly #io: Io
  readonly #pace: Pace
  /** When what runs in an exchange began. */
  readonly #began = new Map<string, number>()
  #title = ''
  #stage: { readonly exchange: string; readonly stage: Stage } | undefined
  readonly #held: RecordingStep[] = []

  constructor(options: ShowingOptions, io: Io) {
    this.#options = options
    this.#io = io
    this.#pace = new Pace(options, io.signal)
  }

  async take(step: RecordingStep): Promise<void> {
    if (step.step === 'decision') this.#began.set(step.exchange, Date.parse(step.at))
    if (step.step === 'opened') this.#title = `${step.subject} on ${step.target}`
    const on = this.#stage
    if (on === undefined) return this.#unstaged(step)
    if (step.step === 'answer' && step.exchange === on.exchange) await this.#answered(step)
    else if (isEndOf(step, on.exchange)) await this.#over(step)
    else {
      this.#held.push(step)
      on.stage.tell(headline(step))
    }
  }

  /** Nothing more comes. */
  async end(): Promise<void> {
    await this.#over()
  }

  /** Gives the terminal back, wherever it is. */
  [Symbol.dispose](): void {
    this.#stage?.stage.leave()
  }

  async #unstaged(step: RecordingStep): Promise<void> {
    if (step.step === 'answer' && step.parts.some((part) => part.kind === 'terminal' && part.code === 'head'))
      return this.#answered(step)
    if (Date.parse(step.at) < this.#options.fromMs) return
    await this.#pace.turn(Date.parse(step.at))
    this.#io.out(stepText(step))
  }

  async #answered(step: Seen): Promise<void> {
    for (const part of step.parts) {
      if (part.kind !== 'terminal') this.#held.push({ ...step, parts: [part] })
      else if (part.code === 'head') this.#stage ??= this.#opened(part, step)
      else await this.#stage?.stage.show(part)
    }
  }

  #opened(
    head: ConstructorParameters<typeof Stage>[0],
    { exchange, at }: Seen,
  ): { readonly exchange: string; readonly stage: Stage } {
    const options = {
      ...this.#options,
      speed: this.#options.terminalSpeed,
      title: this.#title,
      originMs: this.#began.get(exchange) ?? Date.parse(at),
    }
    return { exchange, stage: new Stage(head, options, this.#io) }
  }

  async #over(last?: RecordingStep): Promise<void> {
    const shown = this.#stage?.stage.leave()
    this.#stage = undefined
    if (shown !== undefined) this.#io.out(lastScreen(shown))
    const held = this.#held.splice(0)
    // The end of what was shown belongs to it; the end of the session comes behind all that there was.
    const own = last !== undefined && 'exchange' in last
    const ended = last === undefined ? [] : [last]
    for (const step of own ? [...ended, ...held] : [...held, ...ended]) await this.take(step)
  }
}

function isEndOf(step: RecordingStep, exchange: string): boolean {
  switch (step.step) {
    case 'completed':
    case 'abandoned':
      return step.exchange === exchange
    case 'closed':
    case 'lost':
    case 'left':
      return true
    default:
      return false
  }
}

function lastScreen(text: string): string {
  const lines = text.split('\n').map((line) => `    │ ${printable(line)}`.trimEnd())
  return `    what the terminal showed last:\n${lines.join('\n')}\n`
}
