import { RecordedBody, type AnswerPart, type Recording, type RequestPart } from '@sluice/core'
import { endingText, stdinText } from './ending-text.ts'
import { FrameReader, type FrameKind } from './recorded-frames.ts'

/** Reads what was recorded of a session over SSH: each program stands for itself. */
export class SshRecording implements Recording {
  readonly #programs = new Map<string, RecordedProgram>()

  request(exchange: string, content: Uint8Array): readonly RequestPart[] {
    const { text, terminal } = asked(content)
    this.#programs.set(exchange, new RecordedProgram(terminal))
    return [{ text, parameters: [] }]
  }

  body(exchange: string, content: Uint8Array): readonly AnswerPart[] {
    return this.#programs.get(exchange)?.body.read(content) ?? [undecodable(content)]
  }

  answer(exchange: string, content: Uint8Array): readonly AnswerPart[] {
    return this.#programs.get(exchange)?.answer.read(content) ?? [undecodable(content)]
  }

  end(exchange: string): readonly AnswerPart[] {
    const program = this.#programs.get(exchange)
    this.#programs.delete(exchange)
    return [...(program?.body.end() ?? []), ...(program?.answer.end() ?? [])]
  }
}

interface Reader {
  read(content: Uint8Array): readonly AnswerPart[]
  end(): readonly AnswerPart[]
}

class RecordedProgram {
  readonly body: Reader = new RecordedFrames()
  readonly answer: Reader

  constructor(terminal: boolean) {
    this.answer = terminal ? new RecordedTerminal() : new RecordedFrames()
  }
}

/** The pieces of its streams, in the order in which they passed. */
class RecordedFrames implements Reader {
  readonly #frames = new FrameReader()
  readonly #streams = { stdin: new RecordedBody(), stdout: new RecordedBody(), stderr: new RecordedBody() }

  read(content: Uint8Array): readonly AnswerPart[] {
    return this.#frames.read(content).flatMap(({ kind, bytes }) => this.#parts(kind, bytes))
  }

  end(): readonly AnswerPart[] {
    const rest = streams.flatMap((stream) => this.#streams[stream].end().map((part) => ({ ...part, stream })))
    return this.#frames.left === 0 ? rest : [...rest, { kind: 'cut', bytes: this.#frames.left }]
  }

  #parts(kind: FrameKind | undefined, bytes: Buffer): readonly AnswerPart[] {
    switch (kind) {
      case 'stdin':
      case 'stdout':
      case 'stderr':
        return this.#streams[kind].read(bytes).map((part) => ({ ...part, stream: kind }))
      case 'stdin_end':
        return [{ kind: 'status', text: stdinText(bytes.toString()) }]
      case 'end':
        return [{ kind: 'status', text: endingText(bytes.toString()) }]
      case undefined:
        return [undecodable(bytes)]
    }
  }
}

const streams = ['stdin', 'stdout', 'stderr'] as const

/** What a terminal showed, line by line as asciicast has it. */
class RecordedTerminal implements Reader {
  #rest = Buffer.alloc(0)

  read(content: Uint8Array): readonly AnswerPart[] {
    const bytes = Buffer.concat([this.#rest, content])
    const end = bytes.lastIndexOf(0x0a) + 1
    this.#rest = Buffer.from(bytes.subarray(end))
    return bytes
      .toString('utf8', 0, end)
      .split('\n')
      .filter((line) => line !== '')
      .map(terminalPart)
  }

  end(): readonly AnswerPart[] {
    return this.#rest.length === 0 ? [] : [{ kind: 'cut', bytes: this.#rest.length }]
  }
}

function terminalPart(line: string): AnswerPart {
  const value = parsed(line)
  if (Array.isArray(value)) {
    const [seconds, code, data]: readonly unknown[] = value
    if (typeof seconds === 'number' && typeof code === 'string' && typeof data === 'string')
      return code === 'x'
        ? { kind: 'status', text: endingText(data) }
        : { kind: 'terminal', line, seconds, code, text: data }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { kind: 'terminal', line, seconds: 0, code: 'head', text: '' }
  return { kind: 'undecodable', bytes: line.length }
}

function asked(content: Uint8Array): { readonly text: string | null; readonly terminal: boolean } {
  const value = parsed(Buffer.from(content).toString())
  if (typeof value !== 'object' || value === null) return { text: null, terminal: false }
  const {
    kind,
    login,
    command,
    env = {},
    terminal = null,
  } = value as {
    readonly [field: string]: unknown
  }
  const set = Object.entries(env as object).map(([name, text]) => `${name}=${String(text)} `)
  const what =
    kind === 'exec' || kind === 'sftp'
      ? String(command)
      : kind === 'shell'
        ? 'an interactive shell'
        : JSON.stringify(value)
  return { text: `${String(login)}: ${set.join('')}${what}`, terminal: terminal !== null }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function undecodable(content: Uint8Array): AnswerPart {
  return { kind: 'undecodable', bytes: content.length }
}
