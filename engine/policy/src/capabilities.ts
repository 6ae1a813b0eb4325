import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { builtinNames, compilerDigest, libraryFiles } from '@sluice/policies'

/**
 * Everything besides a policy folder that decides what its policies mean. Compiled policies may call only built-ins
 * that evaluate natively in WebAssembly: another one would compile and then fail, or answer differently from OPA.
 */
export interface Language {
  readonly builtins: readonly string[]
  /** JSON schema of `input`: a reference to an unknown field is a compile error. */
  readonly inputSchema: unknown
  /** Files that every bundle contains, by name. */
  readonly library: Readonly<Record<string, string>>
  /** SHA-256 of the compiler. */
  readonly compiler: string
  /** SHA-256 over all of the above. */
  readonly digest: string
}

/** `eq` and `assign` are syntax; `print` is dropped from what is compiled and serves tests. */
const syntax = ['eq', 'assign', 'print', 'internal.print']

/** The schema lies beside the package that is compiled, in its sources and in its build alike. */
const inputSchemaFile = new URL('../../../schemas/input.schema.json', import.meta.url)

let loaded: Promise<Language> | undefined

/** Read once: the files come with the product. */
export function language(): Promise<Language> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Language> {
  const text = (url: URL): Promise<string> => readFile(url, 'utf8')
  const [names, schema, digest, ...sources] = await Promise.all([
    text(builtinNames),
    text(inputSchemaFile),
    text(compilerDigest),
    ...libraryFiles.map(({ url }) => text(url)),
  ])
  const builtins: readonly string[] = [...syntax, ...JSON.parse(names)]
  const inputSchema: unknown = JSON.parse(schema)
  const library = Object.fromEntries(libraryFiles.map(({ name }, index) => [name, sources[index] ?? '']))
  const compiler = digest.trim()
  const parts = JSON.stringify([builtins, inputSchema, library, compiler])
  return {
    builtins,
    inputSchema,
    library,
    compiler,
    digest: createHash('sha256').update(parts).digest('hex'),
  }
}
