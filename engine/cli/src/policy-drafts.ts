import { Unusable, type Draft, type PolicyDrafts } from '@sluice/api'
import type { EventStore } from '@sluice/core'
import {
  checkPolicies,
  judgeAgain,
  openBundle,
  PolicyError,
  readFiles,
  readFolder,
  testPolicies,
  whatIf,
  type Bundle,
  type Compiler,
  type Pdp,
  type Sources,
  type WarmCompiler,
} from '@sluice/policy'
import type { PolicyLog } from './policy-log.ts'

export interface DraftPorts {
  readonly folder: string
  readonly cache: string
  readonly pdp: Pick<Pdp, 'revision' | 'files' | 'bundle'>
  readonly log: Pick<PolicyLog, 'sources'>
  readonly store: Pick<EventStore, 'read'>
  readonly compiler: WarmCompiler
}

/** The gateway has other things to do meanwhile. */
const threads = 1

/** Policies that are not in force, looked at in the gateway with a compiler beside that of the ones in force. */
export function openPolicyDrafts(ports: DraftPorts): PolicyDrafts {
  const { folder, cache, pdp, log, store, compiler } = ports

  async function sourcesOf(draft: Draft): Promise<Sources | null> {
    return 'files' in draft ? readFolder(draft.files) : log.sources(draft.revision)
  }

  async function bundleOf(draft: Draft): Promise<Bundle | null> {
    const sources = await sourcesOf(draft)
    if (sources === null) return null
    const build = (wanted: Sources) => compiler.build(wanted)
    return openBundle(sources, cache, { known: pdp.bundle, build })
  }

  return {
    async files(revision) {
      if (revision === pdp.revision && pdp.files === 'active') return textsOf(await readFiles(folder))
      const sources = await log.sources(revision)
      if (sources === null) return null
      return { ...sources.files, 'data.json': `${JSON.stringify(sources.data, null, 2)}\n` }
    },
    check: (files) => told(() => compiler.lend((lent: Compiler) => checkPolicies(files, cache, lent))),
    test: (files, filter) =>
      told(() => compiler.lend((lent) => testPolicies(files, { cache, filter }, lent))),
    evaluate: (draft, session, exchange) =>
      told(async () => {
        const bundle = await bundleOf(draft)
        return bundle === null ? null : judgeAgain(store.read(undefined, session), exchange, bundle)
      }),
    whatIf: (draft, { sinceMs, untilMs, target }, progress, signal) =>
      told(async () => {
        const bundle = await bundleOf(draft)
        if (bundle === null) return null
        const events = until(store.read(), signal)
        return whatIf(events, bundle, { sinceMs, untilMs, target, threads, progress })
      }),
  }
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof PolicyError) throw new Unusable(error.diagnostics)
    throw error
  }
}

function textsOf(files: ReadonlyMap<string, Uint8Array>): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from(files, ([name, bytes]) => [name, Buffer.from(bytes).toString()]))
}

/** Requests have their turn in between. */
const eventsAtOnce = 500

async function* until<T>(events: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  let taken = 0
  for await (const event of events) {
    signal.throwIfAborted()
    yield event
    taken += 1
    if (taken % eventsAtOnce === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}
