import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { get, send } from '../api/client.ts'
import type { Grant, GrantState } from '../api/operations.ts'
import { place } from '../location.ts'
import { spanText } from '../time-text.ts'
import { is, me } from '../who.ts'
import { Ask } from '../views/dialog.tsx'
import { Empty } from '../views/empty.tsx'
import { ExportList } from '../views/export.tsx'
import { useKeys, useLineKeys } from '../views/keys.tsx'
import { Shown, useLive } from '../views/resource.tsx'
import { Ago, Countdown, Exact, State, Subject } from '../views/texts.tsx'
import { say } from '../views/toast.tsx'
import { AskForAccess } from './access-request.tsx'

const everyMs = 3_000
const shownMax = 200

const shelves: readonly (readonly [GrantState | 'live' | 'all', string])[] = [
  ['live', 'Live'],
  ['requested', 'Asked for'],
  ['given', 'Given'],
  ['all', 'All'],
]

type Deed = 'grant' | 'reject' | 'revoke'

/** Access for a while: who asked for it, who has it, and its end. */
export function Access(): JSX.Element {
  const shelf = place.value.query['state'] ?? 'live'
  const [times, setTimes] = useState(0)
  const [asking, setAsking] = useState(false)
  const grants = useLive(
    (signal) => get<readonly Grant[]>('/v1/grants', { state: shelf, last: shownMax }, signal),
    [shelf, times],
    everyMs,
  )
  useKeys([{ key: 'n', does: 'Ask for access', press: () => setAsking(true) }])
  return (
    <>
      <div class="head">
        <h1>Access</h1>
        <div class="actions">
          <button class="button main" type="button" onClick={() => setAsking(true)}>
            Ask for access <kbd>n</kbd>
          </button>
        </div>
        <p>
          A role on a target that one person asks for, another gives, and that ends by itself. Policies see
          it; open sessions have it at once.
        </p>
      </div>
      <nav class="tabs" aria-label="Which access">
        {shelves.map(([state, name]) => (
          <a
            key={state}
            href={`/access${state === 'live' ? '' : `?state=${state}`}`}
            {...(shelf === state ? { 'aria-current': 'page' } : {})}
          >
            {name}
          </a>
        ))}
      </nav>
      <Shown of={grants}>
        {(found) => <List grants={found.toReversed()} again={() => setTimes(times + 1)} />}
      </Shown>
      {asking ? <AskForAccess done={() => setTimes(times + 1)} close={() => setAsking(false)} /> : null}
    </>
  )
}

const columns = [
  'id',
  'state',
  'subject',
  'on_behalf_of',
  'target',
  'role',
  'life_ms',
  'reason',
  'requested_at',
  'approvers',
  'decided_by',
  'decision_reason',
  'revoked_by',
  'expires_at',
] as const

const verbs: Readonly<Record<Deed, readonly [title: string, verb: string, done: string]>> = {
  grant: ['Give this access?', 'Give', 'It is given.'],
  reject: ['Reject this request?', 'Reject', 'It is rejected.'],
  revoke: ['End this access?', 'End', 'It has ended.'],
}

function List({
  grants,
  again,
}: {
  readonly grants: readonly Grant[]
  readonly again: () => void
}): JSX.Element {
  const [deed, setDeed] = useState<{ readonly kind: Deed; readonly grant: Grant } | null>(null)
  const at = useLineKeys(grants.length, 'request', (chosen) => {
    const grant = grants[chosen]
    if (grant !== undefined && mayDecide(grant)) setDeed({ kind: 'grant', grant })
  })
  if (grants.length === 0)
    return (
      <section class="card">
        <Empty
          icon="key"
          title="No access is given or asked for"
          command={
            'npx sluice access request --as alice --target shop --role pii_reader \\\n  --for 30m --reason "a customer asked"'
          }
        >
          Where a target has <code>access</code>, people may ask for a role for a while, and one of its
          approvers decides. In the demo:
        </Empty>
      </section>
    )
  const act = async (reason: string): Promise<void> => {
    if (deed === null) return
    const path = `/v1/grants/${deed.grant.id}`
    if (deed.kind === 'revoke') await send('DELETE', path, { reason })
    else await send('POST', `${path}/decision`, { decision: deed.kind, reason })
    say(verbs[deed.kind][2])
    again()
  }
  return (
    <section class="card" aria-label="Access">
      <ul class="grants">
        {grants.map((grant, index) => (
          <Line
            key={grant.id}
            grant={grant}
            selected={index === at}
            act={(kind) => setDeed({ kind, grant })}
          />
        ))}
      </ul>
      <div class="card-body row">
        <span class="end row">
          <ExportList name="access" columns={columns} lines={grants} />
        </span>
      </div>
      {deed === null ? null : (
        <Ask
          title={verbs[deed.kind][0]}
          verb={verbs[deed.kind][1]}
          dangerous={deed.kind !== 'grant'}
          reason={deed.kind === 'grant' ? 'optional' : 'needed'}
          act={act}
          close={() => setDeed(null)}
        >
          <b>{deed.grant.role}</b> on <b>{deed.grant.target}</b> for <Subject id={deed.grant.subject} />, for{' '}
          {spanText(deed.grant.life_ms)}: <Exact text={deed.grant.reason} />
        </Ask>
      )}
    </section>
  )
}

/** The gateway says who may; what is sure to be refused is not offered. */
function mayDecide({ state, subject }: Grant): boolean {
  return state === 'requested' && subject !== me() && is('approver')
}

function mayEnd({ state, subject, decided_by: by }: Grant): boolean {
  const isTheirs = subject === me() || by === me() || is('admin')
  return isTheirs && (state === 'requested' || state === 'given')
}

function Line({
  grant,
  selected,
  act,
}: {
  readonly grant: Grant
  readonly selected: boolean
  readonly act: (deed: Deed) => void
}): JSX.Element {
  const { state, subject, on_behalf_of, target, role, life_ms, reason, requested_at, expires_at } = grant
  const { approvers, decided_by, decision_reason, revoked_by } = grant
  return (
    <li {...(selected ? { class: 'selected' } : {})}>
      <span class="grant-top">
        <State state={state} />
        <b>
          <Exact text={role} />
        </b>
        <span>
          on <a href={`/exchanges?target=${encodeURIComponent(target)}`}>{target}</a> for{' '}
          <Subject id={subject} behalf={on_behalf_of} />
        </span>
        {state === 'given' || state === 'requested' ? (
          <span class="end quiet">
            {state === 'given' ? 'ends in ' : 'decide within '}
            <Countdown until={expires_at} />
          </span>
        ) : null}
      </span>
      <span class="grant-reason">
        <Exact text={reason} />
      </span>
      <span class="grant-bottom">
        <span class="quiet small">
          asked <Ago at={requested_at} />, for {spanText(life_ms)}
          {decided_by === null ? (
            <>; {approvers.join(', ')} may give it</>
          ) : (
            <>
              ; decided by <Subject id={decided_by} />
              {decision_reason === null || decision_reason === '' ? null : (
                <>
                  : <Exact text={decision_reason} />
                </>
              )}
            </>
          )}
          {revoked_by === null ? null : (
            <>
              ; ended by <Subject id={revoked_by} />
            </>
          )}
        </span>
        <span class="end row">
          {mayDecide(grant) ? (
            <>
              <button class="button small main" type="button" onClick={() => act('grant')}>
                Give
              </button>
              <button class="button small" type="button" onClick={() => act('reject')}>
                Reject
              </button>
            </>
          ) : null}
          {mayEnd(grant) ? (
            <button class="button small danger" type="button" onClick={() => act('revoke')}>
              {state === 'requested' && subject === me() ? 'Take it back' : 'End it'}
            </button>
          ) : null}
        </span>
      </span>
    </li>
  )
}
