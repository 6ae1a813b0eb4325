import { createHash } from 'node:crypto'
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
import { Flight } from './flight.ts'
import { handOver, type Caller } from './hand-over.ts'
import { Inflow } from './inflow.ts'
import { masked } from './mask.ts'
import { programActions, valueFields, type Program } from './normalise.ts'
import { oblige, type MaskPlan } from './obligations.ts'
import { refuse, said } from './refuse.ts'
import type { Reply } from './replies.ts'
import { shownStdin } from './stdin.ts'
import { parseCommandLine } from './command-line.ts'
import { start } from './upstream.ts'

/** A caller that waits for people is told again after so long. */
const progressMs = 15_000

export interface Line extends Caller {
  /** Connected when this is awaited. */
  readonly upstream: () => Promise<Client>
  readonly stdinRecordBytesMax: number
}

/** One program and all that it says: a command, or a shell. */
export class ProgramExchange implements Exchange<Buffer, Reply, MaskPlan> {
  readonly actions: readonly [Action, ...Action[]]
  readonly content: Buffer
  readonly recordable: Buffer | undefined
  readonly objection: Refusal | undefined
  readonly sealed: readonly string[] = valueFields
  readonly body: Inflow
  readonly #program: Program
  readonly #line: Line
  #flight: Flight | undefined

  constructor(program: Program, line: Line) {
    this.#program = program
    this.#line = line
    this.actions = programActions(program, parseCommandLine(program.command))
    this.objection = objectionTo(program)
    this.content = contentOf(program)
    const recordable = contentOf({ ...program, command: withoutSecrets(program.command) })
    if (!recordable.equals(this.content)) this.recordable = recordable
    this.body = new Inflow(line.channel)
  }

  oblige(verdicts: readonly Verdict[]): Obliged<MaskPlan> {
    return oblige(verdicts)
  }

  bound(): Uint8Array {
    return createHash('sha256').update(this.content).digest()
  }

  shown(): Uint8Array {
    const statement = withoutSecrets(statementOf(this.#program))
    return Buffer.from(JSON.stringify({ statement, parameters: [], literals: [[]], related: null }))
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
    const started = this.#line.upstream().then((client) => {
      permit.spend(this.content)
      return start(client, this.#program)
    })
    this.#flight = new Flight(started, body, () => this.body.end(), stop)
    return this.#flight
  }

  maskBody(body: AsyncIterable<Buffer>): AsyncIterable<Shown<Buffer>> {
    return shownStdin(body, this.#line.stdinRecordBytesMax)
  }

  mask(replies: AsyncIterable<Reply>): AsyncIterable<Shown<Reply>> {
    return masked(replies)
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

/** For people. */
function statementOf({ kind, login, command, env, terminal }: Program): string {
  const set = Object.entries(env).map(([name, value]) => `${name}=${value} `)
  const what = kind === 'shell' ? 'an interactive shell' : command
  return `${login}: ${set.join('')}${what}${terminal === null ? '' : ' (with a terminal)'}`
}

/** What did not come as UTF-8 cannot be told on exactly as it was sent, and a shell would not see what stands behind NUL. */
function objectionTo({ kind, command }: Program): Refusal | undefined {
  if (kind === 'shell') return undefined
  if (Buffer.byteLength(command) > commandBytesMax) return tooLong
  return command.includes('\0') || command.includes('\ufffd') ? unreadable : undefined
}

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
