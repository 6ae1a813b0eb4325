import { join } from 'node:path'
import type { Policies } from '@sluice/api'
import { createPdp, describe, PolicyError, type Pdp, type Standing } from '@sluice/policy'
import type { PolicyLog } from './policy-log.ts'

/** Policies that came into force, for the operator. */
export interface PolicyChange {
  readonly revision: string
  /** A subject id, or `file`. */
  readonly by: string
  readonly files: Standing
}

export interface PolicyOptions {
  readonly folder: string
  readonly cache: string
  readonly report: (what: string, error: unknown) => void
  readonly activated?: ((change: PolicyChange) => void) | undefined
}

/**
 * The policy decision point of a gateway, each change of which is in the log before it is in force. Throws
 * `PolicyError`, its files as they can be opened from here.
 */
export async function openPolicies(log: PolicyLog, options: PolicyOptions): Promise<Pdp> {
  const { folder, cache, report, activated } = options
  try {
    const pdp = await createPdp({
      folder,
      cache,
      last: log.inForce,
      record: (bundle, cause) => log.activated(bundle, cause),
      activated: ({ revision }) => activated?.({ revision, by: 'file', files: 'active' }),
      rejected: (error) => {
        report('the policy files are not used, what was in force stays so', placed(error, folder))
        log.couldNotBeUsed(describe(error.diagnostics)).catch((failure: unknown) => {
          report('rejected policy files were not recorded', failure)
        })
      },
      failed: (error) => report('changed policies are not in force yet', error),
      faulted: (what) => report('a policy failed and its request was denied', new Error(what)),
    })
    const by = log.revisions()[0]?.by ?? 'file'
    if (pdp.files === 'differ') activated?.({ revision: pdp.revision, by, files: pdp.files })
    return pdp
  } catch (error) {
    throw error instanceof PolicyError ? placed(error, folder) : error
  }
}

/** What the API shows and does. */
export function policyControl(pdp: Pdp, log: PolicyLog, { report, activated }: PolicyOptions): Policies {
  return {
    view: () => ({
      active: pdp.revision,
      files: pdp.files,
      rejected: log.rejected,
      revisions: log.revisions().map((each) => ({ ...each, active: each.revision === pdp.revision })),
    }),
    async activate(requested, identity, reason) {
      const sources = await log.sources(requested)
      if (sources === null) return { kind: 'unknown' }
      try {
        const { revision } = await pdp.activate(sources, (bundle, over) =>
          log.activatedBy(bundle, { identity, reason, requested, over }),
        )
        activated?.({ revision, by: identity.subject.id, files: pdp.files })
        return { kind: 'activated', revision }
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error
        await log
          .notActivated(identity, requested, reason)
          .catch((failure: unknown) => report('a failed activation was not recorded', failure))
        return { kind: 'unusable', errors: describe(error.diagnostics) }
      }
    },
  }
}

/** One line for the operator. */
export function policyLine({ revision, by, files }: PolicyChange): string {
  const person = by === 'file' ? '' : `, activated by ${by}`
  const aside = files === 'differ' ? '; the policy files differ and stay aside until they change' : ''
  return `policy ${revision.slice(0, 12)} is in force${person}${aside}`
}

function placed({ diagnostics }: PolicyError, folder: string): PolicyError {
  return new PolicyError(diagnostics.map((each) => ({ ...each, file: join(folder, each.file) })))
}
