import { Objection } from './objection.ts'
import type { Lexed, RawRedirection, SimpleCommand, Word } from './simple-command.ts'

/**
 * The first of two readers of a command line: tokens by POSIX XCU 2.3, as far as sh, dash, ash and bash agree on them and
 * nothing is left to expand. Anything else is an objection. Linear in the length.
 *
 * @throws Objection
 */
export function lex(source: string): Lexed {
  const lexer = new Lexer(source)
  lexer.run()
  return lexer
}

const reserved = new Set(
  'if then elif else fi do done case esac while until for in select function time coproc foreach end repeat always nocorrect noglob'.split(
    ' ',
  ),
)
const metacharacter = /[ \t\n;&|<>()]/
const plain = /[A-Za-z0-9_./:,@+-]/
const assignment = /^[A-Za-z_][A-Za-z0-9_]*\+?=/

class Lexer implements Lexed {
  readonly commands: SimpleCommand[] = []
  background = false
  readonly #source: string
  #at = 0
  #depth = 0
  #after: SimpleCommand['after'] = ''
  #assignments: Word[] = []
  #words: Word[] = []
  #redirections: RawRedirection[] = []

  constructor(source: string) {
    this.#source = source
  }

  run(): void {
    while (this.#at < this.#source.length) {
      const character = this.#peek()
      if (character === ' ' || character === '\t') this.#at++
      else if (/[\n;&|()]/.test(character)) this.#operator(character)
      else if (/[<>]/.test(character)) this.#redirection()
      else if (/^[0-9][<>]/.test(this.#source.slice(this.#at, this.#at + 2))) {
        this.#at++
        this.#redirection()
      } else this.#place(this.#word())
    }
    if (!this.#begun() && /[&|]{2}|\|/.test(this.#after))
      throw new Objection('syntax', 'nothing follows an operator')
    this.#finish('')
    if (this.#depth !== 0) throw new Objection('syntax', 'a parenthesis is not closed')
  }

  #peek(ahead = 0): string {
    return this.#source[this.#at + ahead] ?? ''
  }

  #begun(): boolean {
    return this.#assignments.length + this.#words.length + this.#redirections.length > 0
  }

  #finish(next: SimpleCommand['after']): void {
    if (this.#begun()) {
      this.commands.push({
        assignments: this.#assignments,
        words: this.#words,
        redirections: this.#redirections,
        after: this.#after,
        depth: this.#depth,
      })
      this.#assignments = []
      this.#words = []
      this.#redirections = []
    }
    this.#after = next
  }

  #operator(character: string): void {
    const next = this.#peek(1)
    if (character === '(') return this.#open(next)
    if (character === ')') {
      this.#finish(')')
      this.#depth--
      if (this.#depth < 0) throw new Objection('syntax', 'a parenthesis is not open')
      this.#at++
      return
    }
    const twice = next === character && character !== '\n' && character !== ';'
    if (!twice && (next === '>' || next === '&' || (character === ';' && next === ';')) && character !== '\n')
      throw new Objection(next === '>' && character === '&' ? 'redirection' : 'compound', character + next)
    this.#at += twice ? 2 : 1
    if (character === '\n') {
      if (this.#begun() || this.#after === ')') this.#finish(';')
      return
    }
    if (!this.#begun() && this.#after !== ')') throw new Objection('syntax', 'nothing before an operator')
    if (character === '&' && !twice) this.background = true
    this.#finish((twice ? character + next : character) as SimpleCommand['after'])
  }

  /** `name(` begins a function or a pattern, `((` is arithmetic in one shell and two subshells in another. */
  #open(next: string): void {
    if (this.#begun()) throw new Objection('compound', 'a parenthesis after a word')
    if (next === '(') throw new Objection('compound', '((')
    this.#finish('(')
    this.#depth++
    this.#at++
  }

  #redirection(): void {
    const rest = this.#source.slice(this.#at, this.#at + 3)
    if (rest.startsWith('<<')) throw new Objection('here_document', rest)
    if (/^[<>]\(/.test(rest)) throw new Objection('expansion', 'process substitution')
    const operator = /^(?:>>|>\||<&|>&|<(?!>)|>)/.exec(rest)?.[0] as RawRedirection['operator'] | undefined
    if (operator === undefined) throw new Objection('redirection', rest)
    this.#at += operator.length
    const copies = operator.endsWith('&')
    while (!copies && /[ \t]/.test(this.#peek())) this.#at++
    if (this.#peek() === '' || metacharacter.test(this.#peek())) throw new Objection('syntax', operator)
    const target = this.#word()
    if (copies && !/^(?:[0-9]|-)$/.test(this.#source.slice(target.start, target.end)))
      throw new Objection('redirection', operator)
    if (target.form === 'pattern') throw new Objection('pattern', target.value)
    this.#redirections.push({ operator, target })
  }

  #place(word: Word): void {
    const raw = this.#source.slice(word.start, word.end)
    if (this.#words.length === 0) {
      if (assignment.test(raw)) {
        this.#assignments.push(word)
        return
      }
      if (reserved.has(raw)) throw new Objection('compound', raw)
      if (word.form === 'pattern') throw new Objection('pattern', raw)
      if (this.#after === ')') throw new Objection('syntax', 'a word after a parenthesis')
    }
    this.#words.push(word)
  }

  #word(): Word {
    const start = this.#at
    let value = ''
    let pattern = false
    const home = this.#peek() === '~'
    for (;;) {
      const character = this.#peek()
      if (character === '' || metacharacter.test(character)) break
      if (character === "'") value += this.#singleQuoted()
      else if (character === '"') value += this.#doubleQuoted()
      else if (character === '\\') value += this.#escaped()
      else {
        pattern ||= this.#unquoted(character, start)
        value += character
        this.#at++
      }
    }
    if (pattern) requireTame(value)
    if (/[<>]/.test(this.#peek()) && /^[0-9]+$/.test(this.#source.slice(start, this.#at)))
      throw new Objection('redirection', 'a descriptor of two digits')
    return { value, form: pattern ? 'pattern' : home ? 'home' : 'literal', start, end: this.#at }
  }

  #singleQuoted(): string {
    const end = this.#source.indexOf("'", this.#at + 1)
    if (end < 0) throw new Objection('syntax', 'a quote is not closed')
    const value = this.#source.slice(this.#at + 1, end)
    this.#at = end + 1
    return value
  }

  #doubleQuoted(): string {
    let value = ''
    this.#at++
    for (;;) {
      const character = this.#peek()
      if (character === '') throw new Objection('syntax', 'a quote is not closed')
      if (character === '"') break
      if (character === '$' || character === '`') throw new Objection('expansion', character)
      if (character === '\\' && this.#peek(1) === '\n')
        throw new Objection('character', 'a line that goes on')
      if (character === '\\' && /[$`"\\]/.test(this.#peek(1))) this.#at++
      value += this.#peek()
      this.#at++
    }
    this.#at++
    return value
  }

  #escaped(): string {
    const next = this.#peek(1)
    if (next === '' || next === '\n') throw new Objection('character', 'a backslash at the end of a line')
    if (next > '~') throw new Objection('character', 'outside quotes')
    this.#at += 2
    return next
  }

  /** Whether it makes the word a pattern. */
  #unquoted(character: string, start: number): boolean {
    const first = this.#at === start
    if (plain.test(character)) return false
    switch (character) {
      case '$':
      case '`':
        throw new Objection('expansion', character)
      case '{':
      case '}':
        throw new Objection(first && /^$|[ \t\n;]/.test(this.#peek(1)) ? 'compound' : 'braces', character)
      case '#':
        if (first) throw new Objection('comment', '#')
        return false
      // zsh: `=ls` is where ls is. `%1` is a job.
      case '=':
      case '%':
        if (first) throw new Objection('expansion', character)
        return false
      case '~':
        this.#tilde(first)
        return false
      case '*':
      case '?':
        return true
      case '[':
      case ']': {
        // Alone it is the name of a program and what ends its arguments.
        const next = this.#peek(1)
        return !(first && (next === '' || metacharacter.test(next)))
      }
      default:
        throw new Objection(character === '!' ? 'compound' : 'character', character)
    }
  }

  /** Only `~` and `~/…` are the home of whom the target logs in; after `=` and `:` it depends on the shell. */
  #tilde(first: boolean): void {
    const next = this.#peek(1)
    const known = first
      ? next === '' || next === '/' || /[ \t\n;&|)]/.test(next)
      : /[A-Za-z0-9_./-]/.test(this.#source[this.#at - 1] ?? '')
    if (!known) throw new Objection('expansion', '~')
  }
}

/** What a pattern becomes may begin as it does, and must not be an option then. */
function requireTame(value: string): void {
  if (!/^[A-Za-z0-9_./~]/.test(value))
    throw new Objection('pattern', `${value} (write ./${value.slice(0, 20)} if files are meant)`)
  // Many shells take `.*` for `..` too.
  if (/(?:^|\/)\.{1,2}[*?[]/.test(value)) throw new Objection('pattern', value)
}
