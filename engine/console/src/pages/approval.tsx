import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { bytesText, counted } from '../amount-text.ts'
import { get, send } from '../api/client.ts'
import type { ApprovalLine, ApprovalPage } from '../api/shapes.ts'
import { changesOf, tellApproval } from '../inbox.ts'
import { exchangePath } from '../location.ts'
import { languageOf } from '../syntax/language.ts'
import { is, me } from '../who.ts'
import { Code } from '../views/code.tsx'
import { Copy, Id } from '../views/copy.tsx'
import { Ask } from '../views/dialog.tsx'
import { Icon } from '../views/icon.tsx'
import { useKeys } from '../views/keys.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Ago, Countdown, Issuer, Marked, State, Subject, Time } from '../views/texts.tsx'
import { say } from '../views/toast.tsx'
import { Actions, Parameters } from './approval-request.tsx'
import { Similar } from './approval-similar.tsx'
import { SoFar } from './approval-so-far.tsx'

/** One approval, with everything that decides it; it follows what others do meanwhile. */
export function Approval({ id }: { readonly id: string }): JSX.Element {
  const page = useResource(
    (signal) => get<ApprovalPage>(`/v1/approvals/${id}`, {}, signal),
    [id, changesOf(id)],
  )
  return <Shown of={page}>{(approval) => <Decide approval={approval} />}</Shown>
}

type Deed = 'approve' | 'reject' | 'cancel'

function Decide({ approval }: { readonly approval: ApprovalPage }): JSX.Element {
  const [deed, setDeed] = useState<Deed | null>(null)
  const pending = approval.state === 'pending'
  const mayReject = pending && approval.may_not_vote === null
  // Who has approved may still think better of it.
  const mayApprove = mayReject && !approval.votes.some(({ voter }) => voter === me())
  const mayCancel = pending && (approval.subject === me() || is('admin'))
  useKeys([
    ...(mayApprove ? [{ key: 'a', does: 'Approve', press: () => setDeed('approve') }] : []),
    ...(mayReject ? [{ key: 'r', does: 'Reject', press: () => setDeed('reject') }] : []),
  ])
  return (
    <article class="approval">
      <a class="inbox-back" href="/approvals">
        <Icon name="back" /> Approvals
      </a>
      <header class="approval-head">
        <div>
          <h2 class="approval-title">
            {approval.action} on {approval.target}
          </h2>
          <p class="quiet">
            <Subject id={approval.requester.id} behalf={approval.requester.on_behalf_of} /> asked{' '}
            <Ago at={approval.requested_at} />
          </p>
        </div>
        <div class="approval-left">
          {pending ? (
            <>
              <Countdown until={approval.expires_at} />
              <span class="quiet small">left to decide</span>
            </>
          ) : (
            <State state={approval.state} />
          )}
        </div>
      </header>
      {approval.caller_waits === false ? (
        <p class="note">
          Its caller was told that it is pending, and waits no more: once it is approved, the same request
          passes when it is sent again.
        </p>
      ) : null}
      <p class="note hold why">
        <span>
          <Marked text={approval.message} /> <span class="rule">{approval.rule}</span>
        </span>
      </p>
      <Request approval={approval} />
      <Quorum approval={approval} />
      <Similar approval={approval} />
      <SoFar approval={approval} />
      <Facts approval={approval} />
      <footer class="approval-act">
        {mayApprove ? (
          <button class="button main" type="button" onClick={() => setDeed('approve')}>
            <Icon name="check" /> Approve <kbd>a</kbd>
          </button>
        ) : (
          <span class="quiet small">{whyNot(approval)}</span>
        )}
        {mayReject ? (
          <button class="button danger" type="button" onClick={() => setDeed('reject')}>
            <Icon name="cross" /> Reject <kbd>r</kbd>
          </button>
        ) : null}
        {mayCancel ? (
          <button class="button" type="button" onClick={() => setDeed('cancel')}>
            Take it back
          </button>
        ) : null}
      </footer>
      {deed === null ? null : <Deciding deed={deed} approval={approval} close={() => setDeed(null)} />}
    </article>
  )
}

function whyNot({ state, may_not_vote: reason, votes, ended }: ApprovalPage): string {
  if (state !== 'pending')
    return ended === null
      ? `It is ${state}.`
      : state === 'consumed'
        ? 'It is used: what it let pass has run.'
        : `It is ${state}: ${ended.reason}`
  return reason ?? (votes.length > 0 ? 'You have approved it. It waits for others.' : '')
}

const deeds = {
  approve: { title: 'Approve this request?', verb: 'Approve', done: 'Approved.' },
  reject: { title: 'Reject this request?', verb: 'Reject', done: 'Rejected.' },
  cancel: { title: 'Take this request back?', verb: 'Take it back', done: 'Taken back.' },
} as const

function Deciding({
  deed,
  approval,
  close,
}: {
  readonly deed: Deed
  readonly approval: ApprovalPage
  readonly close: () => void
}): JSX.Element {
  const { title, verb, done } = deeds[deed]
  const act = async (reason: string): Promise<void> => {
    const path = `/v1/approvals/${approval.id}/${deed === 'cancel' ? 'cancel' : 'votes'}`
    const said = reason === '' ? {} : { reason }
    tellApproval(await send<ApprovalLine>('POST', path, deed === 'cancel' ? said : { vote: deed, ...said }))
    say(done)
  }
  return (
    <Ask
      title={title}
      verb={verb}
      dangerous={deed !== 'approve'}
      reason={deed === 'reject' ? 'needed' : 'optional'}
      act={act}
      close={close}
    >
      {deed === 'approve'
        ? `It runs once, exactly as shown, on ${approval.target}, as soon as enough people have approved it.`
        : deed === 'reject'
          ? 'Its caller is told that it was rejected, and why.'
          : 'Its caller is told that it was cancelled.'}
    </Ask>
  )
}

function Request({ approval }: { readonly approval: ApprovalPage }): JSX.Element {
  const { request, actions } = approval
  if (request === null)
    return <p class="note">What was asked has been erased: nobody can read it any more.</p>
  const language = languageOf(approval.action)
  const { statement, stands_for: standsFor, hidden } = request
  return (
    <section class="stack-s">
      <div class="row">
        <h3>What it asks</h3>
        <span class="quiet small number">
          {counted(statement.lines, 'line')}, {bytesText(statement.bytes)}
        </span>
      </div>
      <Code text={statement.text} language={language} whole={statement.lines <= 40} />
      {standsFor.map((each) => (
        <div class="stack-s">
          <h3>It stands for</h3>
          <Code text={each.text} language={language} />
        </div>
      ))}
      {hidden === 'all' ? (
        <p class="note">Values are hidden from you: you may see that it was asked, not with what.</p>
      ) : hidden.length > 0 ? (
        <p class="note">
          Values are hidden, since the policy masks {hidden.join(', ')}. Equal values have equal tags.
        </p>
      ) : null}
      <Parameters values={request.parameters} />
      <Actions actions={actions} estimates={request.estimates} />
    </section>
  )
}

function Quorum({ approval }: { readonly approval: ApprovalPage }): JSX.Element {
  const { approved, quorum, votes, approvers } = approval
  return (
    <section class="stack-s">
      <div class="row">
        <h3>
          {approved} of {counted(quorum, 'approval')}
        </h3>
        <span class="quorum" role="img" aria-label={`${approved} of ${quorum} approved`}>
          {Array.from({ length: quorum }, (_, index) => (
            <i class={index < approved ? 'done' : ''} />
          ))}
        </span>
        <span class="quiet small">by people of {approvers.join(', ')}</span>
      </div>
      {votes.length === 0 ? null : (
        <ul class="votes">
          {votes.map((vote) => (
            <li>
              <Icon name={vote.vote === 'approve' ? 'check' : 'cross'} />
              <span>
                <b>
                  <Subject id={vote.voter} />
                </b>{' '}
                {vote.vote === 'approve' ? 'approved' : 'rejected'} <Ago at={vote.at} />
                {vote.reason === '' ? null : (
                  <span class="quiet">
                    {' “'}
                    <Marked text={vote.reason} />”
                  </span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Facts({ approval }: { readonly approval: ApprovalPage }): JSX.Element {
  const { requester } = approval
  return (
    <dl class="facts">
      <div>
        <dt>Asked by</dt>
        <dd>
          <Subject id={requester.id} behalf={requester.on_behalf_of} /> <Issuer id={requester.id} />
        </dd>
      </div>
      <div>
        <dt>Which is</dt>
        <dd>
          a {requester.type}
          {requester.groups.length === 0 ? '' : `, in ${requester.groups.join(', ')}`}
        </dd>
      </div>
      <div>
        <dt>Covers</dt>
        <dd>{approval.scope === 'once' ? 'this request, once' : approval.scope}</dd>
      </div>
      <div>
        <dt>Asked at</dt>
        <dd>
          <Time at={approval.requested_at} />
        </dd>
      </div>
      <div>
        <dt>Session</dt>
        <dd class="row">
          <a href={exchangePath(approval)}>
            <span class="id">
              {approval.session.slice(0, 4)}…{approval.session.slice(-6)}
            </span>
          </a>
        </dd>
      </div>
      <div>
        <dt>Reference</dt>
        <dd>
          <Id id={approval.id} />
        </dd>
      </div>
      {approval.uses.map((use) => (
        <div>
          <dt>Used</dt>
          <dd>
            <Ago at={use.at} /> <Copy text={use.decision} label={`Copy ${use.decision}`} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
