import type { Clock } from '@sluice/core'
import { activations, readActivations, type ActivationsRead } from './activations.ts'
import { approvals, readApprovals, type ApprovalsRead } from './approvals.ts'
import { ExchangeFeed } from './exchange-feed.ts'
import { exchanges, readExchanges, type ExchangesRead } from './exchanges.ts'
import { facts, readFacts, type FactsRead } from './facts.ts'
import { lost } from './lost.ts'
import { Runner, type RunnerPorts, type RunnerStatus } from './runner.ts'
import { searchSessions, type SessionsFound, type SessionsSought } from './session-search.ts'
import { readSessions, sessions, type SessionsRead } from './sessions.ts'
import { readTargets, targets, type TargetsRead } from './targets.ts'

/** What the log says, in the shapes in which it is asked for. A little behind the log, and never ahead of it. */
export interface Projections {
  readonly sessions: SessionsRead & { search(wanted: SessionsSought): SessionsFound }
  readonly exchanges: ExchangesRead & Pick<ExchangeFeed, 'onChange'>
  readonly approvals: ApprovalsRead
  readonly targets: TargetsRead
  readonly activations: ActivationsRead
  readonly facts: FactsRead
  readonly status: RunnerStatus
  close(): Promise<void>
}

export interface ProjectionsPorts extends RunnerPorts {
  readonly clock: Clock
}

/** Opens the read models where they were left, and lets them follow the log. */
export function openProjections(ports: ProjectionsPorts): Projections {
  const after: (() => void)[] = []
  const feed = new ExchangeFeed()
  const models = [lost, sessions, exchanges(feed.note), approvals, targets, activations, facts]
  const runner = new Runner(ports, models, after)
  const { db } = runner
  const factsRead = readFacts(db, ports.clock, () => runner.status.foldedUpToMs)
  after.push(
    factsRead.forget,
    feed.telling(db, () => ports.clock.now()),
  )
  runner.start()
  return {
    sessions: { ...readSessions(db), search: searchSessions(db) },
    exchanges: { ...readExchanges(db), onChange: (listener) => feed.onChange(listener) },
    approvals: readApprovals(db),
    targets: readTargets(db),
    activations: readActivations(db),
    facts: factsRead,
    get status() {
      return runner.status
    },
    close: () => runner.close(),
  }
}
