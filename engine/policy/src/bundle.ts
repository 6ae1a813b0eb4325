import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '@sluice/core'
import { language, type Language } from './capabilities.ts'
import { withCompiler, type Build, type Sources } from './compiler.ts'

/** Compiled policies, and everything they were compiled from. */
export interface Bundle {
  /** Content hash over sources, data, library, built-ins and compiler: equal revisions decide equally. */
  readonly revision: string
  /** Version and hash of the compiler. */
  readonly compiler: string
  /** What the revision was computed over, by path: the library and `data.json` included, tests left out. */
  readonly files: Readonly<Record<string, string>>
  /** The base documents as JSON text. */
  readonly data: string
  readonly wasm: Uint8Array
  /** Paths of `input` on which a verdict can depend; the empty path is the whole document. */
  readonly reads: readonly (readonly string[])[]
}

export interface BundleOptions {
  /** Given back when the sources are its own. */
  readonly known?: Bundle
  readonly build?: (sources: Sources) => Promise<Build>
}

/**
 * Compiles, unless `cache` (a folder) holds the build of the same revision. A build that was damaged there is
 * compiled anew. Throws `PolicyError`.
 */
const factPaths = [
  ['run', 'facts'],
  ['subject', 'facts'],
] as const
const factReaders = new WeakMap<Bundle, boolean>()

/** Whether it can read what runs and subjects did lately, which costs something to know. */
export function readsFacts(bundle: Bundle): boolean {
  const known = factReaders.get(bundle)
  if (known !== undefined) return known
  const reads = bundle.reads.some((path) =>
    factPaths.some((facts) => path.slice(0, 2).every((part, at) => part === facts[at])),
  )
  factReaders.set(bundle, reads)
  return reads
}

export async function openBundle(
  sources: Sources,
  cache: string | null,
  {
    known,
    build = (files) => withCompiler(undefined, cache, (compiler) => compiler.build(files)),
  }: BundleOptions = {},
): Promise<Bundle> {
  const lang = await language()
  const { revision, files, data } = contentsOf(sources, lang)
  if (known?.revision === revision) return known
  const file = cache === null ? null : join(cache, `${revision}.policy`)
  const kept = file === null ? null : await readBuild(file, revision)
  const { version, wasm, reads } = kept ?? (await build(sources))
  if (kept === null && file !== null && cache !== null)
    await keepBuild(cache, file, revision, { version, wasm, reads })
  const compiler = `opa ${version} (${lang.compiler.slice(0, 12)})`
  return { revision, compiler, files, data, wasm, reads }
}

/** What `openBundle` would name the bundle of these sources. */
export async function revisionOf(sources: Sources): Promise<string> {
  return contentsOf(sources, await language()).revision
}

/** What the files of a bundle were made from, without the library: today's takes the place of that of its time. */
export function sourcesOf(files: Bundle['files']): Sources {
  const own = Object.entries(files).filter(
    ([name]) => name.endsWith('.rego') && !name.startsWith(libraryFolder),
  )
  return {
    files: Object.fromEntries(own),
    data: JSON.parse(files['data.json'] ?? '{}') as Sources['data'],
  }
}

const libraryFolder = 'sluice/'

function contentsOf(sources: Sources, lang: Language): Pick<Bundle, 'revision' | 'files' | 'data'> {
  const data = JSON.stringify(sources.data)
  const all = { ...sources.files, ...lang.library, 'data.json': data }
  const entries = Object.entries(all)
    .filter(([name]) => !name.endsWith('_test.rego'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const revision = createHash('sha256')
    .update(JSON.stringify([lang.digest, entries]))
    .digest('hex')
    .slice(0, 32)
  return { revision, files: Object.fromEntries(entries), data }
}

/** One line of JSON, then the module. The hash finds a damaged file; the folder itself is trusted like the keys. */
interface Header {
  readonly version: string
  readonly reads: Build['reads']
  readonly sha256: string
}

async function readBuild(file: string, revision: string): Promise<Build | null> {
  try {
    const content = await readFile(file)
    const end = content.indexOf(0x0a)
    const { version, reads, sha256 } = JSON.parse(content.toString('utf8', 0, end)) as Header
    const wasm = content.subarray(end + 1)
    if (digest(revision, { version, reads, wasm }) !== sha256) return null
    return { version, reads, wasm }
  } catch {
    return null
  }
}

async function keepBuild(cache: string, file: string, revision: string, build: Build): Promise<void> {
  const { version, reads, wasm } = build
  await mkdir(cache, { recursive: true, mode: 0o700 })
  const header: Header = { version, reads, sha256: digest(revision, build) }
  const partial = `${file}.${randomUUID()}`
  await writeFile(partial, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), wasm]))
  await rename(partial, file)
  await prune(cache, '.policy')
}

function digest(revision: string, { version, reads, wasm }: Build): string {
  return createHash('sha256')
    .update(JSON.stringify([revision, version, reads]))
    .update(wasm)
    .digest('hex')
}

/** The newest files stay. Another gateway may use the folder, and remove the same files, at the same time. */
export async function prune(cache: string, suffix: string): Promise<void> {
  const names = (await readdir(cache)).filter((name) => name.endsWith(suffix))
  const aged = await Promise.all(
    names.map(async (name) => {
      const path = join(cache, name)
      return {
        path,
        at: await stat(path).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      }
    }),
  )
  const old = aged.sort((a, b) => b.at - a.at).slice(limits.policyBuildsMax)
  await Promise.all(old.map(({ path }) => rm(path, { force: true })))
}
