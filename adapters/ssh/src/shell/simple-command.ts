/** One word as the shell hands it on: quotes removed, nothing expanded. */
export interface Word {
  readonly value: string
  /** `pattern`: `*`, `?` or `[…]` stands for names of files; `home`: begins with `~` or `~/`. */
  readonly form: 'literal' | 'pattern' | 'home'
  /** Of the source, in UTF-16 units. */
  readonly start: number
  readonly end: number
}

export interface RawRedirection {
  readonly operator: '<' | '>' | '>>' | '>|' | '<&' | '>&'
  readonly target: Word
}

/** Words up to the next control operator (POSIX XCU 2.9.1), before anything is said of what they mean. */
export interface SimpleCommand {
  /** `NAME=value` before the first word. */
  readonly assignments: readonly Word[]
  readonly words: readonly Word[]
  readonly redirections: readonly RawRedirection[]
  /** What joins it to the one before. */
  readonly after: '' | ';' | '&' | '&&' | '||' | '|' | '(' | ')'
  /** In how many `( … )` it is. */
  readonly depth: number
}

export interface Lexed {
  readonly commands: readonly SimpleCommand[]
  /** Something is started with `&`. */
  readonly background: boolean
}
