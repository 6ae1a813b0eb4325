import { accept, type AcceptPorts } from './accept.ts'
import { openBundle, revisionOf } from './bundle.ts'
import type { Sources } from './compiler.ts'
import { PolicyError } from './diagnostic.ts'
import { openEngine, type Engine } from './engine.ts'
import { digestOf, policyFolder, readFiles, type FolderFiles } from './folder.ts'
import type { InForce, PdpOptions, Standing } from './pdp.ts'

/** What is in force from the start on. */
export interface Started {
  readonly engine: Engine
  readonly over: string | null
  readonly files: Standing
  /** Digest of files that were told to be unusable; empty when none were. */
  readonly told: string
}

/**
 * The files, or what was in force before: where a person put that in force over these very files, and where these
 * files cannot be used. So a restart neither undoes what a person did nor stops what was served. On a log that others
 * share, what was in force before, whatever the files say.
 */
export async function start(options: PdpOptions, ports: AcceptPorts): Promise<Started> {
  const { folder, last = null, shared = false } = options
  const files = await readFiles(folder).catch((error: unknown) => {
    if (last === null || !(error instanceof PolicyError)) throw error
    return error
  })
  const read = files instanceof PolicyError ? null : files
  if (last !== null && (shared || (last.over !== null && last.over === overOf(read)))) {
    const engine = await openLast(last, options, ports)
    const revision = read === null ? null : await revisionIn(read, folder)
    const standing = revision === engine.bundle.revision ? 'active' : 'differ'
    return { engine, over: overOf(read), files: standing, told: '' }
  }
  try {
    if (read === null) throw files
    return { engine: await openFiles(read, options, ports), over: null, files: 'active', told: '' }
  } catch (error) {
    if (last === null || !(error instanceof PolicyError)) throw error
    const engine = await openLast(last, options, ports)
    options.rejected?.(error)
    const told = read === null ? error.message : digestOf(read, 'all')
    return { engine, over: last.over, files: 'rejected', told }
  }
}

/** What is in force already passed its tests when it came into force. */
async function openFiles(files: FolderFiles, options: PdpOptions, ports: AcceptPorts): Promise<Engine> {
  const { folder, last = null, record } = options
  const known = last?.revision === (await revisionIn(files, folder))
  if (known && last?.over === null) return await openSources(policyFolder(files, folder), ports)
  const engine = known
    ? await openSources(policyFolder(files, folder), ports)
    : await accept(files, folder, ports)
  await recorded(engine, async () => record?.(engine.bundle, 'files'))
  return engine
}

/** A newer version compiles the same sources to another revision, which decisions will name. */
async function openLast(last: InForce, { record }: PdpOptions, ports: AcceptPorts): Promise<Engine> {
  const engine = await openSources(last.sources, ports)
  if (engine.bundle.revision !== last.revision)
    await recorded(engine, async () => record?.(engine.bundle, 'again'))
  return engine
}

/** Throws `PolicyError`. `inForce` is given back when the sources are its own. */
export async function openSources(
  sources: Sources,
  { compiler, spares, cache, clock, faulted }: AcceptPorts,
  inForce?: Engine,
): Promise<Engine> {
  const build = (files: Sources): ReturnType<typeof compiler.build> => compiler.build(files)
  const known = inForce?.bundle
  const bundle = await openBundle(sources, cache, known === undefined ? { build } : { build, known })
  return inForce !== undefined && bundle === known
    ? inForce
    : await openEngine(bundle, clock, faulted, { spares })
}

/** Ends the engine when its coming into force cannot be recorded. */
export async function recorded(engine: Engine, record: () => Promise<void>): Promise<void> {
  try {
    await record()
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** What tells whether files are still those over which a person put something in force. */
export function overOf(files: FolderFiles | null): string {
  return files === null ? 'unreadable' : digestOf(files, 'decides')
}

/** The revision that the files would be in force under; null when they are not even readable as policies. */
export async function revisionIn(files: FolderFiles, folder: string): Promise<string | null> {
  try {
    return await revisionOf(policyFolder(files, folder))
  } catch (error) {
    if (error instanceof PolicyError) return null
    throw error
  }
}
