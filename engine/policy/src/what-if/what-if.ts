import { GenerationCache, type Action, type RecordedEvent, type Verdict } from '@sluice/core'
import type { Bundle } from '../bundle.ts'
import type { Evaluated } from '../evaluate.ts'
import { projectionOf } from '../projection.ts'
import { Changes, type ApprovalCount, type ChangeGroup, type ColumnCount } from './changes.ts'
import { compare } from './comparison.ts'
import { Crew } from './crew.ts'
import { isOfHost, RecordedDecisions, withheldFrom, type RecordedDecision } from './recorded-decisions.ts'

export interface WhatIfOptions {
  /** Decisions from here on; milliseconds since 1970. What is before is read for what it says of sessions. */
  readonly sinceMs: number
  readonly untilMs: number
  /** Of this target alone. */
  readonly target?: string | undefined
  /** Evaluating threads. */
  readonly threads: number
  readonly progress?: (decided: number) => void
}

export interface WhatIfReport {
  readonly revision: string
  /** Judged again. */
  readonly decisions: number
  /** Of these, how many were made by the same policies. */
  readonly sameRevision: number
  readonly changed: number
  readonly groups: readonly ChangeGroup[]
  /** Changes beyond those that could be grouped. */
  readonly ungrouped: number
  readonly maskedMore: readonly ColumnCount[]
  readonly maskedLess: readonly ColumnCount[]
  readonly approvals: readonly ApprovalCount[]
  /** Failures of the policies on a request, by what they said. */
  readonly faults: Readonly<Record<string, number>>
  /** Refused by the gateway itself, whatever the policies are. */
  readonly byGateway: number
  /** Their session or request is not in the log. */
  readonly incomplete: number
  /** Denied in so great numbers that the log has only how many they were. */
  readonly onlyCounted: number
  /** Commands and files at hosts, not judged: the policies read what they were, and the log keeps that sealed. */
  readonly sealed: number
  /** Judged without what the policies read of them and the log does not say. */
  readonly without: { readonly values: number; readonly facts: number }
}

const batchDocuments = 128
/** Batches under way for each thread. */
const aheadMax = 3
/** Of one generation of remembered answers. */
const answersMax = 50_000
const answersCharsMax = 64_000_000

/**
 * Judges the recorded requests once more, by other policies. The log alone says what was asked, so equal policies
 * give equal answers; what differs is what would change. Rejects when reading does, and with `EndlessPolicyError`.
 */
export async function whatIf(
  events: AsyncIterable<RecordedEvent>,
  bundle: Bundle,
  options: WhatIfOptions,
): Promise<WhatIfReport> {
  const module = await WebAssembly.compile(bundle.wasm)
  await using crew = await Crew.open({ module, data: bundle.data }, options.threads)
  const again = new Again(bundle, crew, options)
  const recorded = new RecordedDecisions()
  for await (const event of events) {
    const decision = recorded.take(event)
    if (event.time < options.sinceMs || event.time >= options.untilMs) continue
    if (event.type === 'DenialsCounted') {
      const { target, denied } = event.data
      if (options.target === undefined || target === options.target) again.counts.only += denied
    }
    if (decision === undefined) continue
    if (typeof decision === 'string') again.counts[decision] += 1
    else if (options.target === undefined || decision.target === options.target) await again.judge(decision)
  }
  // Awaited here: the crew leaves at the end of this function.
  return await again.finished()
}

interface Pending {
  readonly of: RecordedDecision
  readonly documents: readonly string[]
}

class Again {
  readonly counts = { gateway: 0, incomplete: 0, only: 0 }
  readonly #bundle: Bundle
  readonly #crew: Crew
  readonly #options: WhatIfOptions
  readonly #project: ReturnType<typeof projectionOf>
  readonly #reads: Reads
  readonly #answers = new GenerationCache<Evaluated>(answersMax, answersCharsMax)
  readonly #changes = new Changes()
  readonly #faults = new Map<string, number>()
  readonly #without = { values: 0, facts: 0 }
  #sealed = 0
  readonly #underWay: Promise<void>[] = []
  #pending: Pending[] = []
  #decisions = 0
  #changed = 0
  #same = 0

  constructor(bundle: Bundle, crew: Crew, options: WhatIfOptions) {
    this.#bundle = bundle
    this.#crew = crew
    this.#options = options
    this.#project = projectionOf(bundle.reads)
    this.#reads = readsOf(bundle)
  }

  /** Resolves when there is room for more. */
  async judge(of: RecordedDecision): Promise<void> {
    if (of.inputs.some(({ action }) => isOfHost(action) && this.#reads.values(action))) {
      this.#sealed += 1
      return
    }
    const documents = of.inputs.map((input) => this.#project(input))
    if (of.inputs.some(({ action }) => this.#reads.values(action))) this.#without.values += 1
    if (this.#reads.facts && of.inputs.some((input) => input.subject.facts === undefined))
      this.#without.facts += 1
    this.#pending.push({ of, documents })
    if (this.#pending.length < batchDocuments) return
    this.#send()
    if (this.#underWay.length >= aheadMax * this.#options.threads) await this.#underWay.shift()
  }

  async finished(): Promise<WhatIfReport> {
    this.#send()
    await Promise.all(this.#underWay)
    const { groups, ungrouped, maskedMore, maskedLess, approvals } = this.#changes
    return {
      revision: this.#bundle.revision,
      decisions: this.#decisions,
      sameRevision: this.#same,
      changed: this.#changed,
      groups,
      ungrouped,
      maskedMore,
      maskedLess,
      approvals,
      faults: Object.fromEntries(this.#faults),
      byGateway: this.counts.gateway,
      incomplete: this.counts.incomplete,
      onlyCounted: this.counts.only,
      sealed: this.#sealed,
      without: this.#without,
    }
  }

  #send(): void {
    const batch = this.#pending
    this.#pending = []
    if (batch.length === 0) return
    const work = this.#settle(batch)
    // Whoever waits for it hears of it.
    work.catch(() => {})
    this.#underWay.push(work)
  }

  async #settle(batch: readonly Pending[]): Promise<void> {
    const fresh = new Set(batch.flatMap(({ documents }) => documents))
    const answers = new Map<string, Evaluated>()
    for (const document of fresh) {
      const known = this.#answers.get(document)
      if (known === undefined) continue
      answers.set(document, known)
      fresh.delete(document)
    }
    const asked = [...fresh]
    for (const [at, answer] of (await this.#crew.evaluate(asked)).entries()) {
      const document = asked[at] ?? ''
      answers.set(document, answer)
      this.#answers.set(document, answer, verdictChars)
    }
    for (const { of, documents } of batch)
      this.#compare(
        of,
        documents.flatMap((document) => answers.get(document) ?? []),
      )
    this.#options.progress?.(this.#decisions)
  }

  #compare(of: RecordedDecision, answers: readonly Evaluated[]): void {
    this.#decisions += 1
    if (of.revision === this.#bundle.revision) this.#same += 1
    for (const { fault } of answers)
      if (fault !== null) this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1)
    const verdicts = answers.map(({ verdict }) => verdict)
    const difference = compare(of.verdicts, verdicts)
    if (difference === null) return
    this.#changed += 1
    this.#changes.add(of, difference, approversOf(verdicts))
  }
}

/** About what one takes in memory. */
const verdictChars = 1_000

function approversOf(verdicts: readonly Verdict[]): readonly string[] {
  const groups = verdicts.flatMap(({ approval }) => approval?.approvers ?? [])
  return [...new Set(groups)].toSorted()
}

interface Reads {
  /** Something of this action that the log does not tell. */
  values(action: Action): boolean
  readonly facts: boolean
}

function readsOf({ reads }: Bundle): Reads {
  const below = (...path: readonly string[]): boolean =>
    reads.some((read) => path.every((part, at) => read[at] === undefined || read[at] === part))
  return {
    values: (action) => withheldFrom(action).some((field) => below('action', field)),
    facts: below('run', 'facts') || below('subject', 'facts'),
  }
}
