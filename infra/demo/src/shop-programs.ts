import { absolute, home, type ShopFiles } from './shop-files.ts'

export interface ProgramOutcome {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

type Program = (args: readonly string[], input: string, files: ShopFiles) => ProgramOutcome

/** Runs what the sample host can: a few programs and pipelines of them. There is no shell: what is none of these is not found. */
export function runProgram(command: string, input: string, files: ShopFiles): ProgramOutcome {
  let outcome: ProgramOutcome = { stdout: input, stderr: '', status: 0 }
  let stderr = ''
  for (const words of pipeline(command)) {
    const [name = '', ...args] = words
    const program = Object.hasOwn(programs, name) ? programs[name] : undefined
    outcome =
      program === undefined
        ? { stdout: '', stderr: `${name}: not found\n`, status: 127 }
        : program(args, outcome.stdout, files)
    stderr += outcome.stderr
  }
  return { ...outcome, stderr }
}

/** Words in quotes or none; nothing else means anything here. */
function pipeline(command: string): readonly (readonly string[])[] {
  const stages: string[][] = [[]]
  for (const [word, single, double] of command.matchAll(/'([^']*)'|"([^"]*)"|\||[^\s|'"]+/g))
    if (word === '|') stages.push([])
    else stages.at(-1)?.push(single ?? double ?? word)
  return stages
}

const programs: Readonly<Record<string, Program>> = {
  cat: (args, input, files) => reading('cat', args, input, files, (text) => text),
  grep: (args, input, files) => {
    const [pattern = '', ...rest] = args.filter((argument) => !argument.startsWith('-'))
    const fold = args.includes('-i') ? (text: string) => text.toLowerCase() : (text: string) => text
    const found = reading('grep', rest, input, files, (text) =>
      lines(text)
        .filter((line) => fold(line).includes(fold(pattern)))
        .join(''),
    )
    return found.status === 0 && found.stdout === '' ? { ...found, status: 1 } : found
  },
  head: (args, input, files) =>
    reading('head', operands(args), input, files, (text) => lines(text).slice(0, count(args)).join('')),
  hostname: () => said('shop-host\n'),
  ls: listing,
  pwd: () => said(`${home}\n`),
  rm: (args, _input, files) => {
    const missing = args.filter((path) => !files.remove(absolute(path)))
    return failed(missing.map((path) => `rm: cannot remove '${path}': No such file or directory\n`))
  },
  tail: (args, input, files) =>
    reading('tail', operands(args), input, files, (text) => lines(text).slice(-count(args)).join('')),
  touch: (args, _input, files) => {
    for (const path of args) files.write(absolute(path), files.read(absolute(path)) ?? Buffer.alloc(0))
    return said('')
  },
  wc: (args, input, files) => {
    const paths = args.filter((argument) => !argument.startsWith('-'))
    return reading('wc', paths, input, files, (text) => `${lines(text).length}\n`)
  },
  whoami: () => said('shop\n'),
}

function listing(args: readonly string[], _input: string, files: ShopFiles): ProgramOutcome {
  const flags = args.filter((argument) => argument.startsWith('-')).join('')
  const [path = '.'] = args.filter((argument) => !argument.startsWith('-'))
  const folder = absolute(path)
  const names = files.read(folder) === undefined ? files.list(folder) : [path]
  if (names === undefined) return failed([`ls: cannot access '${path}': No such file or directory\n`])
  const shown = names.filter((name) => flags.includes('a') || !name.startsWith('.'))
  const line = (name: string): string =>
    flags.includes('l') ? files.line(absolute(`${folder}/${name}`), name) : name
  return said(shown.map((name) => `${line(name)}\n`).join(''))
}

function reading(
  name: string,
  paths: readonly string[],
  input: string,
  files: ShopFiles,
  made: (text: string) => string,
): ProgramOutcome {
  if (paths.length === 0) return said(made(input))
  const found = paths.map((path) => files.read(absolute(path))?.toString())
  const missing = paths.filter((_path, at) => found[at] === undefined)
  const { stderr, status } = failed(missing.map((path) => `${name}: ${path}: No such file or directory\n`))
  return { stdout: made(found.join('')), stderr, status }
}

function operands(args: readonly string[]): readonly string[] {
  return args.filter((argument, at) => !argument.startsWith('-') && args[at - 1] !== '-n')
}

function count(args: readonly string[]): number {
  const after = args.indexOf('-n')
  const given = after < 0 ? args.find((argument) => /^-\d+$/.test(argument))?.slice(1) : args[after + 1]
  return Number(given ?? 10)
}

function lines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function said(stdout: string): ProgramOutcome {
  return { stdout, stderr: '', status: 0 }
}

function failed(messages: readonly string[]): ProgramOutcome {
  return { stdout: '', stderr: messages.join(''), status: messages.length === 0 ? 0 : 1 }
}
