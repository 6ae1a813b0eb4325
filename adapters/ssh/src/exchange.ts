import type { Client, ClientChannel } from 'ssh2'
import {
  refusal,
  withoutSecrets,
  type Action,
  type Exchange,
  type Hold,
  type Obliged,
  type Permit,
  type Refusal,
  type Shown,
  type Stop,
  type StopReason,
  type Verdict,
} from '@sluice/core'
import { parseCommandLine } from './command-line.ts'
import { Flight } from './flight.ts'
import { handOver, type Caller } from './hand-over.ts'
import { Inflow } from './inflow.ts'
import { Judged } from './judged.ts'
import { masked } from './mask.ts'
import { programActions, valueFields, type Program } from './normalise.ts'
import { oblige, type MaskPlan, type Means } from './obligations.ts'
import { withPauses } from './pauses.ts'
import { Asciicast, frames, type Recorder } from './recorder.ts'
import { refuse, said } from './refuse.ts'
import type { Reply } from './replies.ts'
import { resize } from './library/running.ts'
import { shownStdin, typed } from './stdin.ts'
import { start } from './upstream.ts'

/** A caller that waits for people is told again after so long. */
const progressMs = 15_000

export interface Line extends Caller {
  /** Connected when this is awaited. */
  readonly upstream: () => Promise<Client>
  readonly stdinRecordBytesMax: number
  readonly shellMaxMs: number
  /** A caller who is no person. */
  readonly service: boolean
  readonly means: Means
}

/** One program and all that it says: a command, or a shell. */
export class ProgramExchange extends Judged implements Exchange<Buffer, Reply, MaskPlan> {
  readonly actions: readonly [Action, ...Action[]]
  readonly recordable: Buffer | undefined
  readonly objection: Refusal | undefined
  readonly sealed: readonly string[] = valueFields
  readonly body: Inflow
  readonly #program: Program
  readonly #line: Line
  readonly #recorder: Recorder
  readonly #copy: 'upload' | 'download' | null
  #flight: Flight | undefined

  constructor(program: Program, line: Line) {
    const statement = withoutSecrets(statementOf(program))
    super(contentOf(program), statement)
    this.#program = program
    this.#line = line
    const read = parseCommandLine(program.command)
    this.#copy = read.transfer?.direction ?? null
    this.actions = programActions(program, read)
    this.#recorder = recorderOf(program, statement)
    this.objection = objectionTo(program, line)
    const recordable = contentOf({ ...program, command: withoutSecrets(program.command) })
    if (!recordable.equals(this.content)) this.recordable = recordable
    this.body = new Inflow(line.channel)
  }

  oblige(verdicts: readonly Verdict[]): Obliged<MaskPlan> {
    return oblige(verdicts, this.#copy, this.#line.means)
  }

  held({ reference, message, link, waitMs }: Hold): Disposable {
    const where = link === null ? '' : ` ${link}`
    const until = Math.round(waitMs / 1_000)
    this.#say(`waiting for a person’s approval (ref ${reference}), at most ${until} s: ${message}${where}`)
    const progress = setInterval(() => this.#say(`still waiting (ref ${reference})`), progressMs)
    return { [Symbol.dispose]: () => clearInterval(progress) }
  }

  forward(
    permit: Permit,
    _plan: MaskPlan,
    body: AsyncIterable<Buffer>,
    stop: Stop<StopReason>,
  ): AsyncIterable<Reply> {
    const flight = new Flight(body, () => this.body.end(), stop)
    if (this.#program.kind === 'shell') flight.endAfter(this.#line.shellMaxMs)
    this.#flight = flight
    void flight.depart(this.#line.upstream, (client) => {
      permit.spend(this.content)
      start(
        client,
        this.#program,
        (channel) => flight.run(channel),
        (error) => flight.fail(error),
      )
    })
    return flight
  }

  maskBody(body: AsyncIterable<Buffer>): AsyncIterable<Shown<Buffer>> {
    return this.#program.terminal === null ? shownStdin(body, this.#line.stdinRecordBytesMax) : typed(body)
  }

  mask(replies: AsyncIterable<Reply>, plan: MaskPlan): AsyncIterable<Shown<Reply>> {
    const { pseudonyms } = this.#line.means
    const watched = this.#program.terminal === null ? replies : withPauses(replies)
    return masked(watched, { plan, pseudonyms, recorder: this.#recorder })
  }

  reply(reply: Reply): Promise<void> | undefined {
    return handOver(reply, this.#line)
  }

  async *refuse(reason: Refusal): AsyncGenerator<Reply> {
    this.body.end()
    yield* refuse(reason, this.#lineEnd)
  }

  /** No two programs share a fate. */
  async *skip(): AsyncGenerator<Reply> {
    yield* []
  }

  /** What runs, to tell it what is no part of its streams; `undefined`: nothing does. */
  get running(): ClientChannel | undefined {
    return this.#flight?.running
  }

  /** The caller's window has another size. */
  resize(columns: number, rows: number): void {
    if (this.running !== undefined) resize(this.running, columns, rows)
    this.#recorder.resized(columns, rows)
  }

  get #lineEnd(): '\n' | '\r\n' {
    return this.#program.terminal === null ? '\n' : '\r\n'
  }

  #say(text: string): void {
    void handOver(said(text, this.#lineEnd), this.#line)
  }
}

/** Exactly what is judged: the command, and all that changes what it does. */
function contentOf({ kind, login, command, env, terminal }: Program): Buffer {
  return Buffer.from(JSON.stringify({ kind, login, command, env, terminal }))
}

function recorderOf({ terminal }: Program, title: string): Recorder {
  return terminal === null ? frames : new Asciicast(terminal, title)
}

/** For people. */
function statementOf({ kind, login, command, env, terminal }: Program): string {
  const set = Object.entries(env).map(([name, value]) => `${name}=${value} `)
  const what = kind === 'shell' ? 'an interactive shell' : command
  return `${login}: ${set.join('')}${what}${terminal === null ? '' : ' (with a terminal)'}`
}

/** What did not come as UTF-8 cannot be told on exactly as it was sent, and a shell would not see what stands behind NUL. */
function objectionTo({ kind, command }: Program, { service }: Line): Refusal | undefined {
  if (kind === 'shell') return service ? noShell : undefined
  if (Buffer.byteLength(command) > commandBytesMax) return tooLong
  return command.includes('\0') || command.includes('\ufffd') ? unreadable : undefined
}

/** What is typed into a shell cannot be judged: the text that is seen is not what runs. */
const noShell = refusal(
  'denied',
  'ssh/shell',
  'Programs get no interactive shell, since nobody can say what would run in it. Send each command by itself: ssh <target>@<gateway> <command>.',
)
const commandBytesMax = 32_768
const tooLong = refusal(
  'too_large',
  'ssh/command',
  `The command has more than ${commandBytesMax} bytes. Send what is long on its standard input.`,
)
const unreadable = refusal(
  'malformed',
  'ssh/command',
  'The command is not UTF-8, or has a NUL in it, so it cannot be read in one way only.',
)
