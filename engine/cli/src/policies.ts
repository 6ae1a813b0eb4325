import { join } from 'node:path'
import type { Policies, PolicyActivation, PolicyView } from '@sluice/api'
import type { Identity } from '@sluice/core'
import { createPdp, describe, PolicyError, type Bundle, type Pdp, type Standing } from '@sluice/policy'
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
  /** Several gateways have one log, and one policy. */
  readonly shared?: boolean
  readonly report: (what: string, error: unknown) => void
  readonly activated?: ((change: PolicyChange) => void) | undefined
  /** What became of policies that changed, for whoever counts. */
  readonly reloaded?: ((outcome: 'active' | 'rejected' | 'failed') => void) | undefined
}

/**
 * The policy decision point of a gateway, each change of which is in the log before it is in force. Throws
 * `PolicyError`, its files as they can be opened from here.
 */
export async function openPolicies(log: PolicyLog, options: PolicyOptions): Promise<Pdp> {
  const { folder, cache, shared = false, report, activated, reloaded } = options
  let isTold = false
  /** On a shared log nothing else says by what each gateway judges. */
  const follows = (revision: string): void => {
    log
      .followed(revision)
      .catch((failure: unknown) => report('the policy in force was not recorded', failure))
  }
  try {
    const pdp: Pdp = await createPdp({
      folder,
      cache,
      last: log.inForce,
      shared,
      async record(bundle, cause) {
        await log.activated(bundle, cause)
        isTold = true
      },
      activated: ({ revision }) => {
        const by = shared ? (log.revisions()[0]?.by ?? 'file') : 'file'
        activated?.({ revision, by, files: shared ? pdp.files : 'active' })
        reloaded?.('active')
        if (shared) follows(revision)
      },
      unusable: (error) => {
        reloaded?.('rejected')
        report(
          'policies that another gateway put in force cannot be used here, what was in force stays so',
          error,
        )
        log.notFollowed(describe(error.diagnostics)).catch((failure: unknown) => {
          report('unusable policies were not recorded', failure)
        })
      },
      rejected: (error) => {
        reloaded?.('rejected')
        report('the policy files are not used, what was in force stays so', placed(error, folder))
        log.filesNotUsed(describe(error.diagnostics)).catch((failure: unknown) => {
          report('rejected policy files were not recorded', failure)
        })
      },
      failed: (error) => {
        reloaded?.('failed')
        report('changed policies are not in force yet', error)
      },
      faulted: (what) => report('a policy failed and its request was denied', new Error(what)),
    })
    if (shared && !isTold) follows(pdp.revision)
    const by = log.revisions()[0]?.by ?? 'file'
    if (pdp.files === 'differ') activated?.({ revision: pdp.revision, by, files: pdp.files })
    return pdp
  } catch (error) {
    throw error instanceof PolicyError ? placed(error, folder) : error
  }
}

/** What the API shows and does. */
export function policyControl(pdp: Pdp, log: PolicyLog, options: PolicyOptions): Policies {
  const { report, activated, reloaded } = options
  return {
    view: () => ({
      active: pdp.revision,
      files: pdp.files,
      rejected: log.rejected,
      unusable: unusableView(pdp.unusable),
      revisions: log.revisions().map((each) => ({ ...each, active: each.revision === pdp.revision })),
    }),
    async activate(requested, identity, reason) {
      const sources = await log.sources(requested)
      if (sources === null) return { kind: 'unknown' }
      return activation(requested, identity, reason, (record) => pdp.activate(sources, record))
    },
    activateFiles: (files, identity, reason) =>
      activation(sentFiles, identity, reason, (record) => pdp.activateFiles(files, record)),
  }

  async function activation(
    requested: string,
    identity: Identity,
    reason: string,
    put: (record: (bundle: Bundle, over: string) => Promise<void>) => Promise<Bundle>,
  ): Promise<Exclude<PolicyActivation, { readonly kind: 'unknown' }>> {
    try {
      const { revision } = await put((bundle, over) =>
        log.activatedBy(bundle, { identity, reason, requested, over }),
      )
      activated?.({ revision, by: identity.subject.id, files: pdp.files })
      reloaded?.('active')
      return { kind: 'activated', revision }
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error
      reloaded?.('rejected')
      await log
        .notActivated(identity, requested, reason)
        .catch((failure: unknown) => report('a failed activation was not recorded', failure))
      return { kind: 'unusable', errors: describe(error.diagnostics) }
    }
  }
}

function unusableView(unusable: Pdp['unusable']): PolicyView['unusable'] {
  if (unusable === null) return null
  return { revision: unusable.revision, errors: describe(unusable.why.diagnostics) }
}

/** What the log says was asked for where no revision was named. */
const sentFiles = 'files'

/** One line for the operator. */
export function policyLine({ revision, by, files }: PolicyChange): string {
  const person = by === 'file' ? '' : `, activated by ${by}`
  const aside = files === 'differ' ? '; the policy files differ from it' : ''
  return `policy ${revision.slice(0, 12)} is in force${person}${aside}`
}

function placed({ diagnostics }: PolicyError, folder: string): PolicyError {
  return new PolicyError(diagnostics.map((each) => ({ ...each, file: join(folder, each.file) })))
}
