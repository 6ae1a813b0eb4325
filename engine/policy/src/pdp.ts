import { systemClock, type Clock, type PolicyDecisionPoint } from '@sluice/core'
import { openBundle, type Bundle } from './bundle.ts'
import type { Build, Sources } from './compiler.ts'
import { describe, PolicyError } from './diagnostic.ts'
import { readFolder } from './folder.ts'
import { openEngine, type Engine } from './engine.ts'
import { watchFolder } from './reload.ts'
import { WarmCompiler } from './warm-compiler.ts'

export interface PdpOptions {
  /** The policy folder. It is watched: a change that compiles replaces what is served, any other is reported. */
  readonly folder: string
  /** A folder for compiled policies, so that a start without changes compiles nothing. */
  readonly cache?: string | null
  /** A changed folder could not be used, and why; the policies before it stay in force. */
  readonly report?: (errors: string) => void
  /** A changed folder is in force. */
  readonly activated?: (bundle: Bundle) => void
  /** A rule threw or a thread ended: the request was denied, this is for the operator. */
  readonly faulted?: (what: string) => void
  readonly clock?: Clock
}

/** The policy decision point over a folder. Close it: it owns threads. */
export interface Pdp extends PolicyDecisionPoint {
  /** What is in force. */
  readonly bundle: Bundle
  /** Reads the folder now. True when its policies are in force, false when they were reported as unusable. */
  reload(): Promise<boolean>
  close(): Promise<void>
}

/** Compiles the folder, or finds it compiled in the cache. Throws `PolicyError` when it cannot be used. */
export async function createPdp(options: PdpOptions): Promise<Pdp> {
  const { folder, cache = null, clock = systemClock } = options
  const faulted = options.faulted ?? (() => {})
  const compiler = new WarmCompiler(cache, clock)
  const build = (sources: Sources): Promise<Build> => compiler.build(sources)
  let engine = await start()
  let turn: Promise<unknown> = Promise.resolve()
  let rejected = ''
  let closed = false

  async function start(): Promise<Engine> {
    try {
      return await openEngine(await openBundle(await readFolder(folder), cache, { build }), clock, faulted)
    } catch (error) {
      await compiler[Symbol.asyncDispose]()
      throw error
    }
  }

  async function replace(): Promise<boolean> {
    if (closed) return false
    const bundle = await openBundle(await readFolder(folder), cache, { build, known: engine.bundle })
    if (bundle.revision !== engine.bundle.revision) await activate(bundle)
    rejected = ''
    return true
  }

  async function activate(bundle: Bundle): Promise<void> {
    const next = await openEngine(bundle, clock, faulted)
    const before: Engine = engine
    engine = next
    try {
      options.activated?.(bundle)
    } finally {
      await before.retire()
    }
  }

  /** One after another, in order: the folder may change again while it compiles. */
  function reload(): Promise<boolean> {
    const result = turn.then(replace).catch((error: unknown) => {
      const why = describeFailure(error)
      const known = why === rejected
      rejected = why
      if (!known) options.report?.(why)
      return false
    })
    turn = result
    return result
  }

  const watching = watchFolder(folder, clock, () => void reload())
  return {
    get revision() {
      return engine.bundle.revision
    },
    get bundle() {
      return engine.bundle
    },
    evaluate: (input) => engine.evaluate(input),
    reload,
    async close() {
      closed = true
      watching[Symbol.dispose]()
      await turn
      await engine.close()
      await compiler[Symbol.asyncDispose]()
    },
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof PolicyError) return describe(error.diagnostics)
  return error instanceof Error ? error.message : String(error)
}
