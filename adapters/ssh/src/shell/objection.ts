/** Why nobody can say before it runs what a command line runs. Policies see the reasons; `opaque` is their list. */
export type OpaqueReason =
  /** A character that no command line needs: NUL, carriage return, other controls, text that was not UTF-8. */
  | 'character'
  /** Longer, deeper or with more programs than is read. */
  | 'size'
  /** The shell's own grammar does not take it. */
  | 'syntax'
  /** `$name`, `$(…)`, a back quote, `<(…)`, `$'…'`: known only while it runs. */
  | 'expansion'
  /** `{a,b}`. */
  | 'braces'
  /** A pattern that can become an option, the name of a program, or `..`. */
  | 'pattern'
  /** `..` behind a folder, or what is below an open file: it leads where its text does not say. */
  | 'path'
  /** `if`, `for`, `function`, `!`, `{ …; }` … */
  | 'compound'
  /** `<<` and `<<<`. */
  | 'here_document'
  /** A comment: what one shell skips, another may run. */
  | 'comment'
  /** A redirection that shells read in different ways, or that opens a connection. */
  | 'redirection'
  /** Variables set for a program or for what follows. */
  | 'environment'
  /** `cd` elsewhere than at the beginning. */
  | 'working_directory'
  /** A part of the shell that changes the meaning of what follows, or runs text. */
  | 'builtin'
  /** A program that runs other programs or code that it reads. */
  | 'interpreter'
  /** The two readers disagree. */
  | 'two_readings'

export interface Opacity {
  readonly reason: OpaqueReason
  /** What it is about, e.g. the name of the program. Never longer than `detailMax` characters. */
  readonly detail: string
}

const detailMax = 80

export function opacity(reason: OpaqueReason, detail: string): Opacity {
  return { reason, detail: detail.length > detailMax ? `${detail.slice(0, detailMax)}…` : detail }
}

/** Thrown by the lexer at the first thing that it does not take. */
export class Objection extends Error {
  readonly opacity: Opacity

  constructor(reason: OpaqueReason, detail: string) {
    super(`${reason}: ${detail}`)
    this.opacity = opacity(reason, detail)
  }
}
