import { effectOf } from './shell/effects.ts'
import { changesTheShell, interprets } from './shell/interpreters.ts'
import { lex } from './shell/lexer.ts'
import { Objection, opacity, type Opacity } from './shell/objection.ts'
import { canonicalPath, climbs, isThroughDescriptor, pathsIn, type NamedPath } from './shell/path.ts'
import { flagsOf, nameOf, type Effect, type Program } from './shell/program.ts'
import type { RawRedirection, SimpleCommand, Word } from './shell/simple-command.ts'
import { transferOf, type Transfer } from './shell/transfer.ts'
import { parseTree, type Parsed, type ParsedCommand } from './shell/tree.ts'
import { unwrap } from './shell/unwrap.ts'

export type { Opacity, OpaqueReason } from './shell/objection.ts'
export type { NamedPath } from './shell/path.ts'
export type { Program } from './shell/program.ts'
export type { Transfer } from './shell/transfer.ts'

/** What a command line runs, before it runs. */
export interface CommandLine {
  /** Every program, in order. Where `opaque` is not empty, only those that could be seen. */
  readonly programs: readonly Program[]
  /** Files that redirections, arguments and options name. */
  readonly paths: readonly NamedPath[]
  /** Why more may run than `programs` says. Empty: that is all. */
  readonly opaque: readonly Opacity[]
  /** Something may go on when the session is over: `&`, nohup, setsid. */
  readonly detached: boolean
  /** Known, and all of it only reads. */
  readonly read_only: boolean
  /** The line is the far end of a copy: scp, rsync or git. */
  readonly transfer: Transfer | null
}

/** UTF-16 units of a command line. OpenSSH's own limit for a packet is 256 KiB; people and programs need far less. */
export const commandLineMax: number = 16 * 1024
export const programsMax = 128
/** `sh -c` in `sh -c`. */
export const nestedMax = 4

/**
 * Reads a command line as the shell of the target will: a POSIX shell (sh, dash, ash, bash) without aliases or functions of
 * its own. Two readers, a lexer for the part of the grammar on which shells agree and a Bash parser, must see the same words;
 * whatever is not literal is opaque, with its reason. Never throws.
 */
export function parseCommandLine(text: string): CommandLine {
  const reading = new Reading()
  reading.script(text, [], '~')
  return reading.result()
}

/** Controls but tab and line feed; what stands for bytes that were no UTF-8; half a character; marks that reorder text. */
const strange = /(?![\t\n])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff\ufffd-\uffff]/u

function objectionToText(text: string): Opacity | undefined {
  if (text.length > commandLineMax) return opacity('size', `${text.length} characters`)
  const found = strange.exec(text)?.[0]
  if (found !== undefined)
    return opacity(
      'character',
      `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
    )
  return text.isWellFormed() ? undefined : opacity('character', 'not Unicode')
}

class Reading {
  readonly #programs: Program[] = []
  readonly #paths: NamedPath[] = []
  readonly #opaque: Opacity[] = []
  #detached = false
  #writes = false
  #redirected = false
  #transfer: Transfer | null = null

  result(): CommandLine {
    const known = this.#opaque.length === 0
    const transfer = known && this.#programs.length === 1 && !this.#redirected ? this.#transfer : null
    return {
      programs: this.#programs,
      paths: this.#paths,
      opaque: this.#opaque,
      detached: this.#detached,
      read_only:
        known &&
        !this.#detached &&
        !this.#writes &&
        this.#programs.length > 0 &&
        this.#programs.every(({ effect }) => effect === 'read'),
      transfer,
    }
  }

  script(text: string, via: readonly string[], from: string): void {
    const objection = objectionToText(text)
    if (objection !== undefined) return this.#object(objection)
    const parsed = parseTree(text)
    for (const one of parsed.opaque) this.#object(one)
    const commands = this.#commands(text, parsed)
    for (const [at, command] of commands.entries())
      from = this.#command(command, { via, from, followed: commands.slice(at + 1) })
  }

  #commands(text: string, parsed: Parsed): readonly SimpleCommand[] {
    try {
      const { commands, background } = lex(text)
      this.#detached ||= background
      if (parsed.opaque.length === 0 && !agree(commands, parsed.commands))
        this.#object(opacity('two_readings', 'shells read it in different ways'))
      return commands
    } catch (error) {
      if (!(error instanceof Objection)) throw error
      this.#object(error.opacity)
      return parsed.commands.map(seenOnly)
    }
  }

  #object(one: Opacity): void {
    if (!this.#opaque.some(({ reason, detail }) => reason === one.reason && detail === one.detail))
      this.#opaque.push(one)
  }

  /** Answers with the folder in which what follows begins. */
  #command(command: SimpleCommand, { via, from, followed }: Place): string {
    for (const { value } of command.assignments)
      this.#object(opacity('environment', value.split('=')[0] ?? ''))
    for (const redirection of command.redirections) this.#redirect(redirection, from)
    const words = command.words.map(({ value }) => value)
    if (words.length === 0) return from
    const stdin = command.redirections.some(({ operator }) => operator.startsWith('<'))
      ? 'file'
      : command.after === '|'
        ? 'pipe'
        : 'client'
    const name = this.#run(words, { via, from, stdin, patterns: patternsOf(command.words) })
    return name === 'cd' ? this.#folder(command, from, followed) : from
  }

  /** Answers with the name of what runs in the end. */
  #run(words: readonly string[], situation: Situation): string {
    const [file = '', ...args] = words
    const name = nameOf(file)
    if (this.#programs.length >= programsMax || situation.via.length > nestedMax) {
      this.#object(opacity('size', 'more programs than are read'))
      return name
    }
    const inner = unwrap(name, args)
    const patterned = (word: string): boolean => situation.patterns.has(word)
    const own = inner.kind === 'program' ? words.slice(0, -inner.words.length) : []
    // What it becomes may be what runs, or shift it.
    if (inner.kind === 'script' ? patterned(inner.text) : [...own, file].some(patterned))
      this.#object(opacity('pattern', file))
    if (inner.kind === 'program') {
      this.#detached ||= inner.detaches
      return this.#run(inner.words, { ...situation, via: [...situation.via, name] })
    }
    if (inner.kind === 'script') {
      // There `~` is the home of somebody else.
      if (situation.via.some((outer) => outer === 'sudo' || outer === 'doas'))
        this.#object(opacity('interpreter', name))
      this.script(inner.text, [...situation.via, name], situation.from)
      return name
    }
    const transfer = transferOf(name, args)
    this.#transfer = transfer
    const effect =
      transfer === null
        ? effectOf(name, args, situation.patterns)
        : transfer.direction === 'download'
          ? 'read'
          : 'write'
    if (changesTheShell(name, args)) this.#object(opacity('builtin', name))
    else if (inner.kind === 'opaque' || (transfer === null && effect === 'unknown' && interprets(name)))
      this.#object(opacity('interpreter', name))
    this.#programs.push({
      name,
      arguments: args,
      flags: flagsOf(args),
      via: situation.via,
      effect,
      stdin: situation.stdin,
    })
    this.#name(transfer === null ? words : [file, ...transfer.paths], effect, situation)
    return name
  }

  /** The program's own file too, where it is named by a path. */
  #name([file = '', ...args]: readonly string[], effect: Effect, { from, patterns }: Situation): void {
    if (file.includes('/')) this.#path(file, 'read', false, from)
    for (const argument of args)
      for (const path of pathsIn(argument)) this.#path(path, effect, patterns.has(argument), from)
  }

  #redirect({ operator, target }: RawRedirection, from: string): void {
    this.#redirected = true
    if (operator.endsWith('&')) return
    if (/^\/dev\/(?:tcp|udp)\//.test(canonicalPath(target.value, from)))
      this.#object(opacity('redirection', target.value))
    const writes = operator !== '<'
    if (writes && target.value !== '/dev/null') this.#writes = true
    this.#path(target.value, writes ? 'write' : 'read', false, from)
  }

  #path(path: string, access: NamedPath['access'], pattern: boolean, from: string): void {
    const canonical = canonicalPath(path, from)
    if (climbs(path, from) || isThroughDescriptor(canonical)) this.#object(opacity('path', path))
    if (
      !this.#paths.some((one) => one.path === canonical && one.access === access && one.pattern === pattern)
    )
      this.#paths.push({ path: canonical, access, pattern })
  }

  /** Where `cd` leads: the shell's own, at the beginning of a line, and whatever follows runs only when it has worked. */
  #folder({ words, depth }: SimpleCommand, from: string, followed: readonly SimpleCommand[]): string {
    const [cd, folder] = words
    const joined = followed.every(({ after }, at) => after === '&&' || (after === '|' && at > 0))
    const plain = cd?.value === 'cd' && folder?.form !== 'pattern' && folder?.value.startsWith('-') !== true
    if (folder !== undefined && plain && joined && this.#programs.length === 1 && depth === 0)
      return canonicalPath(folder.value, from)
    this.#object(opacity('working_directory', 'cd'))
    return from
  }
}

interface Place {
  readonly via: readonly string[]
  readonly from: string
  readonly followed: readonly SimpleCommand[]
}

interface Situation {
  readonly via: readonly string[]
  readonly from: string
  readonly stdin: Program['stdin']
  /** Arguments that are patterns. */
  readonly patterns: ReadonlySet<string>
}

function patternsOf(words: readonly Word[]): ReadonlySet<string> {
  return new Set(words.filter(({ form }) => form === 'pattern').map(({ value }) => value))
}

/** The same words at the same places with the same values. */
function agree(lexed: readonly SimpleCommand[], parsed: readonly ParsedCommand[]): boolean {
  return (
    lexed.length === parsed.length &&
    lexed.every(({ words, assignments, redirections }, at) => {
      const other = parsed[at]
      const others = [...assignments, ...redirections.map(({ target }) => target)]
      return other !== undefined && same(words, other.words) && same(inOrder(others), other.others)
    })
  )
}

type Spanned = Pick<Word, 'value' | 'start' | 'end'>

function inOrder(words: readonly Spanned[]): readonly Spanned[] {
  return words.toSorted((one, other) => one.start - other.start)
}

function same(words: readonly Spanned[], others: readonly Spanned[]): boolean {
  return (
    words.length === others.length &&
    words.every(({ value, start, end }, at) => {
      const other = others[at]
      return other !== undefined && value === other.value && start === other.start && end === other.end
    })
  )
}

/** Of a line that is opaque already: the words as the parser guessed them. */
function seenOnly({ words }: ParsedCommand): SimpleCommand {
  return {
    assignments: [],
    words: words.map((word) => ({ ...word, form: 'literal' })),
    redirections: [],
    after: '',
    depth: 0,
  }
}
