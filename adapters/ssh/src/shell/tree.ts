import { forEachChild, parse, type Command, type Redirection, type Script, type SyntaxNode } from 'unbash'
import { opacity, type Opacity, type OpaqueReason } from './objection.ts'

/** What the grammar's own parser sees of one command: where its words are, and what they say. */
export interface ParsedCommand {
  readonly words: readonly ParsedWord[]
  /** Of the targets of its redirections, and of its assignments. */
  readonly others: readonly ParsedWord[]
}

export interface ParsedWord {
  readonly value: string
  readonly start: number
  readonly end: number
}

export interface Parsed {
  /** In order; also those inside what is opaque, as far as they can be seen. */
  readonly commands: readonly ParsedCommand[]
  readonly opaque: readonly Opacity[]
}

/**
 * The second reader: the tree of a Bash parser, of which only listed nodes are taken. A node that is not on the list is
 * opaque, so is whatever the parser complains of; what it holds is still looked at, for the rules that deny programs by name.
 */
export function parseTree(source: string): Parsed {
  const commands: ParsedCommand[] = []
  const opaque: Opacity[] = []
  const object = (reason: OpaqueReason, detail: string): void => {
    if (opaque.length < opaqueMax) opaque.push(opacity(reason, detail))
  }

  const visitScript = (
    script: Script & { readonly errors?: readonly { readonly message: string }[] | undefined },
  ): void => {
    for (const { message } of script.errors ?? []) object('syntax', message)
  }
  const visit = (node: SyntaxNode, depth: number): void => {
    if (depth > depthMax) {
      object('size', 'nested too deep')
      return
    }
    if (node.type === 'Script') visitScript(node)
    const reason = reasonFor(node)
    if (reason !== undefined) object(reason, node.type)
    if (node.type === 'Command') commands.push(parsedCommand(node))
    if (node.type === 'Redirected') commands.push({ words: [], others: node.redirects.flatMap(targetOf) })
    // What redirects a group stands behind it; the list is put in the order of the source in the end.
    forEachChild(node, (child) => visit(child, depth + 1))
  }

  try {
    visit(parse(source), 0)
  } catch (error) {
    object('syntax', error instanceof Error ? error.message : 'the parser gave up')
  }
  return { commands: commands.toSorted((one, other) => startOf(one) - startOf(other)), opaque }
}

const depthMax = 64
const opaqueMax = 16

const taken: ReadonlySet<SyntaxNode['type']> = new Set([
  'Script',
  'Statement',
  'AndOr',
  'Pipeline',
  'Command',
  'Redirected',
  'Subshell',
  'CompoundList',
  'Word',
  'Literal',
  'Glob',
  'SingleQuoted',
  'DoubleQuoted',
  'Assignment',
  'Redirect',
  'FileDescriptor',
])

function reasonFor({ type }: SyntaxNode): OpaqueReason | undefined {
  if (taken.has(type)) return undefined
  if (type === 'HereDoc' || type === 'HereString') return 'here_document'
  if (type === 'BraceExpansion') return 'braces'
  if (type === 'ExtendedGlob') return 'pattern'
  return /Expansion|Substitution|AnsiC|Locale|Arithmetic/.test(type) ? 'expansion' : 'compound'
}

function parsedCommand(command: Command): ParsedCommand {
  const words: ParsedWord[] = []
  const others: ParsedWord[] = []
  if (command.name !== undefined) words.push(spanned(command.name))
  for (const item of [...command.prefix, ...command.suffix]) {
    if (item.type === 'Word') words.push(spanned(item))
    // `echo a=b` is a word of the command there, and a variable only before its name.
    else if (item.type === 'Assignment')
      (command.name !== undefined && item.pos > command.name.pos ? words : others).push(
        spanned({ ...item, value: null }),
      )
    else others.push(...targetOf(item))
  }
  return { words, others: others.toSorted((one, other) => one.start - other.start) }
}

function targetOf(redirection: Redirection): readonly ParsedWord[] {
  return redirection.type === 'HereDoc' || redirection.target === undefined
    ? []
    : [spanned(redirection.target)]
}

/** Without a value where the parser took the word apart. */
function spanned({
  value,
  pos,
  end,
  text,
}: {
  value: string | null
  pos: number
  end: number
  text: string
}): ParsedWord {
  return { value: value ?? text, start: pos, end }
}

function startOf({ words, others }: ParsedCommand): number {
  return Math.min(words[0]?.start ?? Infinity, others[0]?.start ?? Infinity)
}
