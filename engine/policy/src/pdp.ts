import { systemClock, type Clock, type PolicyDecisionPoint } from '@sluice/core'
import { readsFacts, type Bundle } from './bundle.ts'
import type { Sources } from './compiler.ts'
import type { PolicyError } from './diagnostic.ts'
import type { FolderFiles } from './folder.ts'
import { PolicyInForce } from './in-force.ts'
import { watchFolder } from './reload.ts'

/** What the log says is in force. */
export interface InForce {
  readonly revision: string
  readonly sources: Sources
  /** Digest of the files that lay in the folder when a person put this in force over them; null when none did. */
  readonly over: string | null
}

/** Why a bundle comes into force: the files say so, or this version compiles what was in force to another revision. */
export type Cause = 'files' | 'again'

export interface PdpOptions {
  /** The policy folder. It is watched: a change that passes replaces what is served, any other is reported. */
  readonly folder: string
  /** A folder for compiled policies, so that a start without changes compiles nothing. */
  readonly cache?: string | null
  readonly last?: InForce | null
  /**
   * Several gateways have one log: what it says is in force at all of them, and the files count only where it says
   * nothing. So the folder is not watched, and a restart never rolls the others back.
   */
  readonly shared?: boolean
  /** Makes it durable that a bundle comes into force, which it does only then. */
  readonly record?: (bundle: Bundle, cause: Cause) => Promise<void>
  /** A bundle of the files is in force. */
  readonly activated?: (bundle: Bundle) => void
  /** What another gateway put in force cannot be used at this one; what was in force here stays so. */
  readonly unusable?: (why: PolicyError) => void
  /** The files cannot be used, and why; what was in force stays so. Told once for each content. */
  readonly rejected?: (why: PolicyError) => void
  /** What is wrong with the gateway and not with the files: it is tried again. */
  readonly failed?: (error: unknown) => void
  /** A rule threw or a thread ended: the request was denied, this is for the operator. */
  readonly faulted?: (what: string) => void
  readonly clock?: Clock
}

/** How the files in the folder stand to what is in force. */
export type Standing = 'active' | 'differ' | 'rejected'

/** What the log says last, where it cannot be used. */
export interface Unusable {
  readonly revision: string
  readonly why: PolicyError
}

/** The policy decision point over a folder. Close it: it owns threads. */
export interface Pdp extends PolicyDecisionPoint {
  /** What is in force. */
  readonly bundle: Bundle
  readonly files: Standing
  /** What another gateway activated and this one does not serve; `null`: it serves what the log says. */
  readonly unusable: Unusable | null
  /** Reads the folder now. False when its files cannot be used. */
  reload(): Promise<boolean>
  /**
   * Puts sources of the log in force over the files, until these change. `record` makes it durable, with what tells
   * the files. Throws `PolicyError` when they cannot be used, and what `record` throws.
   */
  activate(sources: Sources, record: (bundle: Bundle, over: string) => Promise<void>): Promise<Bundle>
  /** The same with files that must pass what those of the folder must: check, tests, build and smoke decisions. */
  activateFiles(files: FolderFiles, record: (bundle: Bundle, over: string) => Promise<void>): Promise<Bundle>
  /** Serves what the log says last, which other gateways may have put in force. Never rejects. */
  follow(last: () => InForce | null): Promise<void>
  close(): Promise<void>
}

/** Starts with the files of the folder, or with what was in force. Throws `PolicyError` when neither can be used. */
export async function createPdp(options: PdpOptions): Promise<Pdp> {
  const { folder, clock = systemClock } = options
  const policies = await PolicyInForce.start(options)
  const watching = options.shared === true ? null : watchFolder(folder, clock, () => void policies.reload())
  return {
    get revision() {
      return policies.engine.bundle.revision
    },
    get readsFacts() {
      return readsFacts(policies.engine.bundle)
    },
    get bundle() {
      return policies.engine.bundle
    },
    get files() {
      return policies.files
    },
    get unusable() {
      return policies.unusable
    },
    evaluate: (input) => policies.engine.evaluate(input),
    reload: () => policies.reload(),
    activate: (sources, record) => policies.activate(sources, record),
    activateFiles: (files, record) => policies.activateFiles(files, record),
    follow: (last) => policies.follow(last),
    async close() {
      watching?.[Symbol.dispose]()
      await policies.close()
    },
  }
}
