import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { lines } from '../api/client.ts'
import type { LogEvent } from '../api/shapes.ts'
import { place } from '../location.ts'
import { is } from '../who.ts'
import { Code } from '../views/code.tsx'
import { Copy } from '../views/copy.tsx'
import { Empty } from '../views/empty.tsx'
import { ExportList } from '../views/export.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Exact, Time } from '../views/texts.tsx'
import { Verification } from './audit-verification.tsx'
import { FilterBar, type Choice } from './filter-bar.tsx'

const eventsMax = 300

const kinds: Choice = {
  name: 'types',
  label: 'Events',
  options: [
    ['', 'What people and gateways did'],
    ['AuthenticationFailed,LoginsRefused', 'Refused logins'],
    [
      'ApprovalRequested,ApprovalGranted,ApprovalRejected,ApprovalExpired,ApprovalCancelled,ApprovalConsumed',
      'Approvals',
    ],
    [
      'AdminActed,SessionKilled,PolicyActivated,PolicyRejected,KeyErased,LegalHoldPlaced,LegalHoldReleased',
      'Administration',
    ],
    ['TokenRevoked,SubjectRevoked,PasswordMinted', 'Tokens'],
    ['AgentInvited,AgentEnrolled,AgentJoined,AgentLeft,AgentRemoved', 'Agents'],
    ['TargetRegistered,TargetRemoved', 'Targets'],
    ['AlarmRaised', 'Alarms'],
  ],
}

const everything =
  'AuthenticationFailed,LoginsRefused,TokenRevoked,SubjectRevoked,TargetRemoved,AgentInvited,AgentEnrolled,AgentRemoved,ApprovalRequested,ApprovalGranted,ApprovalRejected,ApprovalExpired,ApprovalCancelled,ApprovalConsumed,GrantRequested,GrantGiven,GrantRejected,GrantRevoked,SessionKilled,PolicyActivated,PolicyRejected,TargetRegistered,AdminActed,KeyErased,LegalHoldPlaced,LegalHoldReleased,GatewayLost,AlarmRaised,LogRecovered,SegmentsRemoved,CheckpointSigned'

/** The record of what was done to the gateway itself, and how anybody may check that it is whole. */
export function Audit(): JSX.Element {
  const types = place.value.query['types'] ?? everything
  const sought = (place.value.query['text'] ?? '').toLowerCase()
  const events = useResource(
    async (signal) => {
      const found: LogEvent[] = []
      for await (const event of lines<LogEvent>('/v1/events', { types, last: eventsMax }, signal))
        found.push(event)
      return found.toReversed()
    },
    [types],
  )
  return (
    <>
      <div class="head">
        <h1>Audit</h1>
        <p>
          What people and gateways did. Every event is chained to the one before it, so that nobody can change
          or remove one unseen.
        </p>
      </div>
      <Verification />
      <FilterBar placeholder="Search in these events" choices={[kinds]} />
      <Shown of={events}>
        {(found) => (
          <List
            events={found.filter(
              (event) => sought === '' || JSON.stringify(event).toLowerCase().includes(sought),
            )}
          />
        )}
      </Shown>
    </>
  )
}

const columns = ['time', 'type', 'stream', 'seq', 'data', 'hash'] as const

function List({ events }: { readonly events: readonly LogEvent[] }): JSX.Element {
  const [open, setOpen] = useState<string | null>(null)
  if (events.length === 0)
    return (
      <section class="card">
        <Empty icon="audit" title="No such event">
          What people do at the gateway is written here: votes, activations, ended sessions, and who read
          which content.{is('auditor') ? '' : ' Auditors see it; you see the sessions of your own.'}
        </Empty>
      </section>
    )
  return (
    <section class="card" aria-label="Events">
      <ol class="steps">
        {events.map((event) => (
          <li key={event.id}>
            <span class="quiet small">
              <Time at={new Date(event.time).toISOString()} />
            </span>
            <button
              class="plain"
              type="button"
              aria-expanded={open === event.id}
              onClick={() => setOpen(open === event.id ? null : event.id)}
            >
              <b>{event.type}</b>
            </button>
            <span class="cut quiet">
              <Exact text={told(event)} />
            </span>
            <span class="end quiet small row">
              #{event.seq} <span class="id">{event.hash.slice(0, 8)}</span>
              <Copy text={event.hash} label="Copy the hash" />
            </span>
            {open === event.id ? (
              <div class="steps-open">
                <Code text={JSON.stringify(event, null, 2)} language="json" />
              </div>
            ) : null}
          </li>
        ))}
      </ol>
      <div class="card-body row">
        <span class="end row">
          <ExportList name="events" columns={columns} lines={events} />
        </span>
      </div>
    </section>
  )
}

/** The few fields that say most. */
function told({ data }: LogEvent): string {
  const names = [
    'action',
    'resource',
    'outcome',
    'rule',
    'target',
    'reason',
    'approval',
    'session',
    'revision',
    'name',
    'alarm',
    'client_ip',
  ]
  const who = ['by', 'voter', 'subject'].flatMap((name) => subjectOf(data[name]))
  const parts = names.flatMap((name) =>
    typeof data[name] === 'string' && data[name] !== '' ? [data[name]] : [],
  )
  return [...who, ...parts].join(' · ')
}

function subjectOf(value: LogEvent['data'][string] | undefined): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('id' in value)) return []
  return typeof value['id'] === 'string' ? [value['id']] : []
}
