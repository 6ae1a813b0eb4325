import { systemClock, type PolicyInput } from '@sluice/core'
import type { Bundle } from './bundle.ts'
import { neutralInput } from './neutral-input.ts'
import { createPdp, type Cause, type InForce, type Pdp } from './pdp.ts'
import type { WrittenFolder } from './written-folder.ts'

/** A policy decision point over a folder of a test, with what it recorded and told. */
export interface ScriptedPdp extends AsyncDisposable {
  readonly folder: WrittenFolder
  readonly pdp: Pdp
  /** `cause revision`, or `over revision` where a person put it in force. */
  readonly recorded: readonly string[]
  readonly rejected: readonly string[]
  readonly failed: readonly string[]
  /** What a log would say is in force. */
  readonly last: () => InForce
  /** The rule that answers for a plain read. */
  rule(): Promise<string | undefined>
  /** Puts sources in force over the files, as a person does. */
  activate(sources: InForce['sources']): Promise<Bundle>
  /** Another one over the same folder, after the end of this one. */
  again(): Promise<ScriptedPdp>
  /** While true nothing can be recorded. */
  logIsDown: boolean
}

export async function scriptedPdp(
  folder: WrittenFolder,
  cache: string,
  before: InForce | null = null,
): Promise<ScriptedPdp> {
  const recorded: string[] = []
  const rejected: string[] = []
  const failed: string[] = []
  let last = before
  const keep = (bundle: Bundle, how: Cause | 'over', over: string | null): void => {
    if (self.logIsDown) throw new Error('the log is down')
    recorded.push(`${how} ${bundle.revision}`)
    const { 'data.json': data = '{}', ...files } = bundle.files
    const own = Object.entries(files).filter(([name]) => !name.startsWith('sluice/'))
    const sources = { files: Object.fromEntries(own), data: JSON.parse(data) as InForce['sources']['data'] }
    last = { revision: bundle.revision, sources, over }
  }
  const self = { logIsDown: false }
  const pdp = await createPdp({
    folder: folder.path,
    cache,
    last: before,
    clock: systemClock,
    record: async (bundle, cause) => keep(bundle, cause, cause === 'files' ? null : (last?.over ?? null)),
    rejected: (why) => void rejected.push(why.message),
    failed: (error) => void failed.push(String(error)),
  })
  const inForce = (): InForce => {
    if (last === null) throw new Error('nothing was recorded')
    return last
  }
  return Object.assign(self, {
    folder,
    pdp,
    recorded,
    rejected,
    failed,
    last: inForce,
    rule: async () => (await pdp.evaluate(plainRead)).verdict.reasons[0]?.rule,
    activate: (sources: InForce['sources']) =>
      pdp.activate(sources, async (bundle, over) => keep(bundle, 'over', over)),
    again: async () => {
      await pdp.close()
      return await scriptedPdp(folder, cache, inForce())
    },
    [Symbol.asyncDispose]: () => pdp.close(),
  })
}

export const plainRead: PolicyInput = neutralInput

/** A folder whose one rule allows reads under this name. */
export function allowing(name: string): Readonly<Record<string, string>> {
  return {
    'a.rego': `package sluice.rules.a

allow contains {"rule": "a/${name}"} if input.action.kind == "select"
`,
  }
}
