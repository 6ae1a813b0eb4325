import type { PolicyGrant, Subject, Target } from '@sluice/core'

/** About whom something is asked: a caller of whom the record knows, or anybody of these groups. */
export type Whom =
  | { readonly kind: 'subject'; readonly id: string; readonly grants: readonly PolicyGrant[] }
  | { readonly kind: 'groups'; readonly groups: readonly string[]; readonly type: Subject['type'] }

export interface CanQuestion {
  readonly whom: Whom
  readonly target: Pick<Target, 'name' | 'protocol' | 'labels' | 'settings'>
  /** Sessions of theirs, the newest first: who they are, and what they asked for at this target. */
  readonly theirs: readonly string[]
  /** Sessions of anybody at this target: what there is to ask for. */
  readonly anybodys: readonly string[]
}

/** What can be asked of policies about a request, or about somebody. */
export interface PolicyQuestions {
  /**
   * How the rules of a revision came to a recorded decision; `null`: of the one that made it. Gives `null` when policies made
   * none, or are not in the log; rejects with `Unusable` when this version cannot compile them.
   */
  explain(revision: string | null, session: string, exchange: string): Promise<object | null>
  /** What they would get of a list of requests by the policies in force. `null`: nobody knows who they are. */
  can(question: CanQuestion): Promise<object | null>
}
