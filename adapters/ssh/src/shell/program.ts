/** What a program does, as far as its name and its arguments say. `unknown`: nobody here knows it, or one of its options. */
export type Effect = 'read' | 'write' | 'unknown'

/** One program that a command line runs. */
export interface Program {
  /** Its bare name if that, or a folder of the system, is where it is found; else as it was written, e.g. `./ls`. */
  readonly name: string
  readonly arguments: readonly string[]
  /** Of its options: each letter of `-abc`, and `name` of `--name=value`. */
  readonly flags: readonly string[]
  /** Through what it is run, outermost first, e.g. `sudo`, `sh`. */
  readonly via: readonly string[]
  readonly effect: Effect
  /** Where its input comes from. */
  readonly stdin: 'client' | 'pipe' | 'file'
}

/** Folders in which a program of the system may be named by its path. */
const systemFolders = /^\/(?:usr\/(?:local\/)?)?s?bin\/([^/]+)$/

export function nameOf(word: string): string {
  return systemFolders.exec(word)?.[1] ?? word
}

/** Up to `--`; values of options are not told from further letters, so there are rather too many. */
export function flagsOf(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  const options = (end < 0 ? args : args.slice(0, end)).filter((argument) => /^-./.test(argument))
  return [
    ...new Set(
      options.flatMap((option) =>
        option.startsWith('--') ? [option.slice(2).split('=')[0] ?? ''] : Array.from(option.slice(1)),
      ),
    ),
  ]
}
