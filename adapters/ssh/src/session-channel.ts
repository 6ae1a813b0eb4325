import type { PseudoTtyInfo, ServerChannel, Session as ChannelRequests, WindowChangeInfo } from 'ssh2'
import { refusal, type Action, type Exchange, type Lane, type Refusal, type Session } from '@sluice/core'
import { ClosedWay } from './closed-way.ts'
import { Environment } from './environment.ts'
import { ProgramExchange } from './exchange.ts'
import { handOver, type Caller } from './hand-over.ts'
import { subsystemAction, wayAction, type Program, type Terminal } from './normalise.ts'
import type { Means } from './obligations.ts'
import { refuse } from './refuse.ts'
import { signal } from './library/running.ts'
import { isSignal, SignalExchange } from './signal.ts'
import { notServed, serveSftp } from './subsystem.ts'
import type { SshSettings } from './target.ts'
import type { Upstream } from './upstream.ts'

/** Signals of one program, and how often its window changes in a second. */
const signalsMax = 64
const windowsPerSecond = 20
const termCharsMax = 64
const cellsMax = 10_000

export interface ChannelPorts extends Omit<Caller, 'channel'> {
  readonly session: Session<SshSettings>
  readonly upstream: Upstream
  /** As whom, at the target. */
  readonly login: string
  readonly means: Means
  /** Whether the connection has not asked too often yet for what is refused at once. */
  readonly mayBeRefused: () => boolean
}

/**
 * One channel of a caller: what is set up on it, then one program. A second one on the same channel is refused, whatever
 * became of the first.
 */
export class SessionChannel {
  readonly #ports: ChannelPorts
  readonly #environment: Environment
  /** What is under way, and SFTP. */
  readonly #lanes = new Set<{ close(): void }>()
  readonly #running = new Set<Promise<unknown>>()
  #terminal: Terminal | null = null
  #program: ProgramExchange | undefined
  #caller: Caller | undefined
  #taken = false
  #signals = 0
  #windows = 0
  #windowsSince = 0

  constructor(ports: ChannelPorts, requests: ChannelRequests) {
    this.#ports = ports
    this.#environment = new Environment(ports.session.target.settings.env)
    requests.on('env', (accept, reject, { key, val }) => answer(this.#takesEnv(key, val), accept, reject))
    requests.on('pty', (accept, reject, info) => answer(this.#takesTerminal(info), accept, reject))
    requests.on('window-change', (accept, reject, info) => answer(this.#window(info), accept, reject))
    requests.on('signal', (accept, reject, { name }) => answer(this.#signal(name), accept, reject))
    requests.on('exec', (accept, reject, { command }) => this.#start('exec', command, accept, reject))
    requests.on('shell', (accept, reject) => this.#start('shell', '', accept, reject))
    requests.on('subsystem', (accept, reject, { name }) => {
      if (ports.session.confined?.command == null) this.#subsystem(name, accept, reject)
      else this.#start('exec', '', accept, reject)
    })
    requests.on('x11', (_accept, reject) => this.#closedWay('x11', reject))
    requests.on('auth-agent', (_accept, reject) => this.#closedWay('agent_forwarding', reject))
    // The end of its input is not the end of its requests, as the library takes it to be: signals may still come.
    requests.on('eof', () => Object.assign(requests, { _ending: false }))
    requests.on('close', () => this.close())
  }

  /** Bytes that came and that nobody has taken. */
  get waitingBytes(): number {
    return this.#caller?.channel.readableLength ?? 0
  }

  /** Resolves when nothing is under way. */
  get done(): Promise<unknown> {
    return Promise.all(this.#running)
  }

  /** The caller is gone: what runs is stopped, and what waits for people is void. */
  close(): void {
    for (const lane of this.#lanes) lane.close()
    this.#lanes.clear()
  }

  #takesEnv(name: string, value: string): boolean {
    return !this.#taken && this.#environment.set(name, value)
  }

  #takesTerminal({ term, cols, rows, modes }: PseudoTtyInfo & { readonly term?: string }): boolean {
    const { confined } = this.#ports.session
    if (this.#taken || this.#terminal !== null || confined?.permits?.includes('permit-pty') === false)
      return false
    const name = term ?? ''
    if (name.length > termCharsMax || !/^[\w.+-]*$/.test(name)) return false
    this.#terminal = {
      term: name,
      columns: bounded(cols),
      rows: bounded(rows),
      modes: modes as unknown as Readonly<Record<string, number>>,
    }
    return true
  }

  #window({ cols, rows }: WindowChangeInfo): boolean {
    const second = Math.floor(performance.now() / 1_000)
    if (second !== this.#windowsSince) this.#windows = 0
    this.#windowsSince = second
    this.#windows += 1
    const running = this.#program?.running
    if (this.#terminal === null || running === undefined || this.#windows > windowsPerSecond) return false
    this.#program?.resize(bounded(cols), bounded(rows))
    return true
  }

  #signal(name: string): boolean {
    this.#signals += 1
    if (!isSignal(name) || this.#program === undefined || this.#signals > signalsMax) return false
    const send = (sent: string): void => {
      const running = this.#program?.running
      if (running !== undefined) signal(running, sent)
    }
    this.#submit(new SignalExchange(this.#ports.login, name, send))
    return true
  }

  #start(
    kind: Program['kind'],
    command: string,
    accept: () => ServerChannel | undefined,
    reject: (() => void) | undefined,
  ): void {
    const caller = this.#accepted(accept, reject)
    if (caller === undefined) return
    const { login, upstream, session } = this.#ports
    // A certificate may say what runs, whatever was asked for.
    const forced = session.confined?.command ?? null
    const program = {
      kind: forced === null ? kind : 'exec',
      login,
      command: forced ?? command,
      env: this.#environment.variables,
      terminal: this.#terminal,
    }
    this.#program = new ProgramExchange(program, {
      ...caller,
      upstream: () => upstream.connect(),
      stdinRecordBytesMax: session.target.settings.stdin_record_bytes_max,
      shellMaxMs: session.target.settings.shell_max_ms,
      service: session.subject.type === 'service',
      means: this.#ports.means,
    })
    this.#submit(this.#program)
  }

  #subsystem(name: string, accept: () => ServerChannel | undefined, reject: (() => void) | undefined): void {
    const caller = this.#accepted(accept, reject)
    if (caller === undefined) return
    if (name === 'sftp') return this.#sftp(caller)
    this.#refused(subsystemAction(this.#ports.login, name.slice(0, 64)), notServed, (reason) => {
      caller.channel.resume()
      for (const reply of refuse(reason)) void handOver(reply, caller)
    })
  }

  #sftp(caller: Caller): void {
    const { login, means, upstream } = this.#ports
    const sftp = serveSftp({
      caller,
      login,
      means,
      lane: () => this.#lane(),
      upstream: () => upstream.connect(),
    })
    this.#lanes.add(sftp)
  }

  #closedWay(name: 'x11' | 'agent_forwarding', reject: (() => void) | undefined): void {
    if (!this.#ports.mayBeRefused()) return reject?.()
    this.#refused(wayAction(name, this.#ports.login), notForwarded, () => reject?.())
  }

  #refused(action: Action, objection: Refusal, answer: (reason: Refusal) => void): void {
    this.#submit(new ClosedWay(action, objection, answer))
  }

  /** The channel is the caller's at once: what it asked for is answered on it, and it may already have ended its side. */
  #accepted(accept: () => ServerChannel | undefined, reject: (() => void) | undefined): Caller | undefined {
    const channel = this.#taken ? undefined : accept()
    this.#taken = true
    if (channel === undefined) {
      reject?.()
      return undefined
    }
    // What goes wrong on it ends it, and is seen there.
    channel.on('error', () => {})
    channel.stderr.on('error', () => {})
    channel.on('close', () => this.close())
    const { cut, stallMs } = this.#ports
    this.#caller = { channel, cut, stallMs }
    return this.#caller
  }

  /** Each request has a lane of its own: a signal must not wait for the program that it is for. */
  #submit<Up, Down, Plan>(exchange: Exchange<Up, Down, Plan>): void {
    const lane = this.#lane()
    this.#lanes.add(lane)
    for (const { done } of lane.submit([exchange], false)) {
      this.#running.add(done)
      void done.then(() => {
        this.#running.delete(done)
        this.#lanes.delete(lane)
        lane.close()
      })
    }
  }

  #lane(): Lane {
    const lane = this.#ports.session.lane()
    const { run } = this.#environment
    if (run.id !== null || run.trace_id !== null) lane.claim(run)
    return lane
  }
}

function answer(taken: boolean, accept: (() => void) | undefined, reject: (() => void) | undefined): void {
  if (taken) accept?.()
  else reject?.()
}

function bounded(cells: number): number {
  return Math.min(Math.max(0, cells), cellsMax)
}

const notForwarded = refusal(
  'denied',
  'ssh/forwarding',
  'Neither an agent nor a display is forwarded through this gateway.',
)
