import type { Action } from '@sluice/core'
import type { CommandLine } from './command-line.ts'
import { operations } from './sftp/request.ts'

/** The closed list of what a request can be; `schemas/actions/ssh.json` says what each means. */
export const actions: readonly string[] = [
  'ssh.exec',
  'ssh.shell',
  'ssh.subsystem',
  'ssh.env',
  'ssh.pty',
  'ssh.signal',
  'ssh.direct_tcpip',
  'ssh.forwarded_tcpip',
  'ssh.streamlocal',
  'ssh.agent_forwarding',
  'ssh.x11',
  ...operations,
]

/** Where the values of a request are: the log keeps them sealed. */
export const valueFields: readonly string[] = [
  'command',
  'programs',
  'paths',
  'opaque',
  'transfer',
  'env',
  'value',
]

/** A terminal that the caller asked for. */
export interface Terminal {
  readonly term: string
  readonly columns: number
  readonly rows: number
  /** Of the terminal driver, by their names (RFC 4254 §8). */
  readonly modes: Readonly<Record<string, number>>
}

/** What runs on one channel, once, with what was set up for it before. */
export interface Program {
  readonly kind: 'exec' | 'shell'
  /** As whom, at the target. */
  readonly login: string
  /** Exactly as it was sent; of a shell there is none. */
  readonly command: string
  readonly env: Readonly<Record<string, string>>
  readonly terminal: Terminal | null
}

/** Says what a program is, and what it needs beside. Pure. */
export function programActions(program: Program, line: CommandLine): readonly [Action, ...Action[]] {
  const { login, terminal } = program
  const further = Object.entries(program.env)
    .filter(([name]) => !isLanguage(name))
    .map(([name, value]) => ({
      name: 'ssh.env',
      kind: 'env',
      read_only: false,
      login,
      variable: name,
      value,
    }))
  return [
    program.kind === 'shell' ? shellAction(program) : execAction(program, line),
    ...further,
    ...(terminal === null ? [] : [terminalAction(login, terminal)]),
  ]
}

function execAction({ login, command, env, terminal }: Program, line: CommandLine): Action {
  return {
    name: 'ssh.exec',
    kind: 'exec',
    login,
    command,
    ...fieldsOf(line),
    env,
    terminal: terminal !== null,
  }
}

function fieldsOf({ programs, paths, opaque, detached, read_only, transfer }: CommandLine) {
  return {
    read_only,
    programs: programs.map((program) => ({ ...program })),
    paths: paths.map((path) => ({ ...path })),
    opaque: opaque.map((reason) => ({ ...reason })),
    detached,
    transfer: transfer === null ? null : { ...transfer },
  }
}

function shellAction({ login, env, terminal }: Program): Action {
  return { name: 'ssh.shell', kind: 'shell', read_only: false, login, env, terminal: terminal !== null }
}

function terminalAction(login: string, { term, columns, rows }: Terminal): Action {
  return { name: 'ssh.pty', kind: 'pty', read_only: false, login, term, columns, rows }
}

/** A signal for what runs. */
export function signalAction(login: string, signal: string): Action {
  return { name: 'ssh.signal', kind: 'signal', read_only: false, login, signal }
}

/** What opens a way past commands. `at`: where to, as far as it has a place. */
export function wayAction(
  name: 'direct_tcpip' | 'forwarded_tcpip' | 'streamlocal' | 'agent_forwarding' | 'x11',
  login: string,
  at: { readonly host?: string; readonly port?: number; readonly socket?: string } = {},
): Action {
  return { name: `ssh.${name}`, kind: 'forward', read_only: false, login, ...at }
}

export function subsystemAction(login: string, subsystem: string): Action {
  return { name: 'ssh.subsystem', kind: 'subsystem', read_only: false, login, subsystem }
}

/** Locale variables, which say nothing but in which language one is answered. */
export function isLanguage(name: string): boolean {
  return name === 'LANG' || /^LC_[A-Z]+$/.test(name)
}
