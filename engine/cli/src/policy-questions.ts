import { Unusable, type CanQuestion, type PolicyQuestions } from '@sluice/api'
import type { Adapter, Clock, EventStore, Identity, PolicyGrant } from '@sluice/core'
import {
  explainDecision,
  judgePossible,
  PolicyError,
  RecordedKinds,
  type Compiler,
  type Pdp,
  type PossibleLine,
  type Sources,
  type WarmCompiler,
} from '@sluice/policy'
import type { PolicyLog } from './policy-log.ts'

export interface QuestionPorts {
  readonly compiler: WarmCompiler
  readonly pdp: Pick<Pdp, 'bundle'>
  readonly log: Pick<PolicyLog, 'sources'>
  readonly store: Pick<EventStore, 'read'>
  readonly adapters: readonly Adapter[]
  readonly clock: Clock
}

/** Of all sessions that one question is answered from. */
const eventsMax = 20_000
/** Recorded kinds that are judged beside the samples. */
const kindsMax = 60

/** Questions about what was decided and what would be, answered from the record. */
export function openPolicyQuestions(ports: QuestionPorts): PolicyQuestions {
  const { compiler, pdp, log, store, clock } = ports
  return {
    async explain(wanted, session, exchange) {
      let by = ''
      const sourcesOf = async (revision: string): Promise<Sources | null> => {
        by = wanted ?? revision
        return log.sources(by)
      }
      try {
        const found = await compiler.lend((lent: Compiler) =>
          explainDecision(store.read(undefined, session), exchange, sourcesOf, lent),
        )
        return found === null ? null : { ...found, by }
      } catch (error) {
        if (error instanceof PolicyError) throw new Unusable(error.diagnostics)
        throw error
      }
    },
    async can(question) {
      const [own, all] = [new RecordedKinds(), new RecordedKinds()]
      await fold(store, question.theirs, own, question.target.name)
      await fold(store, question.anybodys, all, question.target.name)
      const { whom, target } = question
      const asking = identityOf(question, own, clock.now())
      if (asking === null) return null
      const adapter = ports.adapters.find(({ protocol }) => protocol === target.protocol)
      const { name, protocol, labels } = target
      const grants: readonly PolicyGrant[] = whom.kind === 'subject' ? whom.grants : []
      const { bundle } = pdp
      const requests = await judgePossible(bundle, {
        identity: asking,
        context: {
          session: 'ses_00000000000000000000000000',
          client: { ip: '127.0.0.1', application: null },
          target: { name, protocol, labels },
        },
        grants,
        nowMs: clock.now(),
        samples: adapter?.samples?.(target.settings, all.known) ?? [],
        recorded: own.kinds(kindsMax),
      })
      return {
        revision: bundle.revision,
        subject: whom.kind === 'subject' ? whom.id : null,
        type: asking.subject.type,
        groups: asking.subject.groups,
        grants: grants.map(({ role }) => role),
        target: name,
        protocol,
        sealed: own.sealed,
        at: new Date(clock.now()).toISOString(),
        requests: requests.map(withTime),
      }
    },
  }
}

async function fold(
  store: Pick<EventStore, 'read'>,
  sessions: readonly string[],
  kinds: RecordedKinds,
  target: string,
): Promise<void> {
  let left = eventsMax
  for (const session of new Set(sessions))
    for await (const event of store.read(undefined, session)) {
      kinds.take(event, target)
      if ((left -= 1) === 0) return
    }
}

function identityOf({ whom }: CanQuestion, own: RecordedKinds, nowMs: number): Identity | null {
  const token = { tokenId: 'tok_00000000000000000000000000', expiresAt: nowMs }
  if (whom.kind === 'subject') return own.subject === undefined ? null : { subject: own.subject, ...token }
  const { groups, type } = whom
  return {
    subject: { id: 'nobody', type, issuer: '', groups, claims: {}, on_behalf_of: null },
    ...token,
  }
}

function withTime({ last_ms: lastMs, ...line }: PossibleLine): object {
  return { ...line, last_at: lastMs === null ? null : new Date(lastMs).toISOString() }
}
