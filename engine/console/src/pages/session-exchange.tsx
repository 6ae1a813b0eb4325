import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { bytesText, counted, shortId } from '../amount-text.ts'
import type { LogEvent } from '../api/shapes.ts'
import type { ApprovalStep, ContentState, DecisionStep } from '../api/steps.ts'
import { place } from '../location.ts'
import { exact } from '../printable.ts'
import type { ReplayedExchange } from '../replay.ts'
import { languageOf } from '../syntax/language.ts'
import { is } from '../who.ts'
import { Code } from '../views/code.tsx'
import { Copy } from '../views/copy.tsx'
import { Ago, Effect, Exact, Subject, Time } from '../views/texts.tsx'
import { Parameters } from './approval-request.tsx'
import { Why } from './exchange-why.tsx'
import { Answer } from './session-answer.tsx'

export type Links = ReadonlyMap<string, Pick<LogEvent, 'seq' | 'hash'>>

export interface ExchangeProps {
  readonly session: string
  readonly item: ReplayedExchange
  readonly protocol: string
  readonly places: Links
}

const unseen: Readonly<Partial<Record<ContentState, string>>> = {
  erased: 'It was erased: nobody can read it any more.',
  missing: 'The log has not all of it.',
  unreadable: 'It is not what was sealed.',
  opaque: 'Nobody reads recordings of this protocol.',
}

/** One request: what was asked, what was decided and why, what its caller saw, and where the record of it stands. */
export function Exchange({ session, item, protocol, places }: ExchangeProps): JSX.Element {
  const { request, decisions, completed } = item
  const last = decisions.at(-1)
  const masked = completed?.masked.reduce((sum, { values }) => sum + values, 0) ?? 0
  const aimed = place.value.aim === item.exchange
  const line = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (aimed) line.current?.scrollIntoView({ block: 'start' })
  }, [aimed])
  return (
    <li ref={line} class={aimed ? 'exchange card aimed' : 'exchange card'} id={item.exchange}>
      <header>
        <Time at={item.at} />
        <b class="mono">
          {request === null ? 'request' : request.actions.map(({ name }) => name).join(', ')}
        </b>
        <span class="quiet mono">{request?.actions.flatMap(({ relations }) => relations).join(', ')}</span>
        <span class="end">
          <Effect effect={last?.effect ?? null} masked={masked} />
        </span>
      </header>
      <div class="card-body stack-s">
        <Asked item={item} protocol={protocol} />
        {decisions.map((decision) => (
          <Decision key={decision.decision} decision={decision} alone={decisions.length === 1} />
        ))}
        {item.approvals.map((step) => (
          <Approved step={step} />
        ))}
        {decisions.length > 0 && (is('auditor') || is('admin')) ? (
          <Why session={session} exchange={item.exchange} />
        ) : null}
        {item.abandoned === null ? null : (
          <p class="note deny">
            Not performed: <Exact text={item.abandoned} />
          </p>
        )}
        {item.alarms.map((rules) => (
          <p class="note deny">Alarm: {rules}</p>
        ))}
        <Missing state={item.sent.state} />
        <Answer content={item.sent} item={item} sent />
        <Missing state={item.seen.state} />
        <Answer content={item.seen} item={item} />
        {completed === null ? null : (
          <p class="small quiet number">
            {completed.outcome}
            {completed.status === null ? '' : ` ${completed.status}`}:{' '}
            {completed.rows > 0 ? `${counted(completed.rows, 'row')}, ` : ''}
            {bytesText(completed.bytes)}
            {completed.masked.length === 0
              ? ''
              : `; masked ${completed.masked.map(({ column, method, values }) => `${column} (${method}, ${values}×)`).join(', ')}`}
          </p>
        )}
        <Chain item={item} places={places} />
      </div>
    </li>
  )
}

function Asked({
  item,
  protocol,
}: {
  readonly item: ReplayedExchange
  readonly protocol: string
}): JSX.Element | null {
  const { request } = item
  if (request === null) return null
  if (request.content !== 'shown') return <Missing state={request.content} />
  return (
    <>
      {request.statements.map(({ text, name, parameters }) => (
        <>
          {text === null ? (
            <p class="note">
              {name === undefined ? (
                'What is not in the recording'
              ) : (
                <>
                  “<Exact text={name} />
                  ”, prepared elsewhere
                </>
              )}
            </p>
          ) : (
            <Code text={exact(text.trimEnd())} language={languageOf(protocol)} copied={text} />
          )}
          <Parameters values={parameters} exact />
        </>
      ))}
    </>
  )
}

function Missing({ state }: { readonly state: ContentState }): JSX.Element | null {
  const why = unseen[state]
  return why === undefined ? null : <p class="note">{why}</p>
}

/** The only decision is told by the heading already. */
function Decision({
  decision,
  alone,
}: {
  readonly decision: DecisionStep
  readonly alone: boolean
}): JSX.Element {
  const { effect, rule, reasons, masks, revision, approvals } = decision
  const why = reasons.map(({ message }) => message).filter((message) => message !== '')
  return (
    <div class="decided">
      {alone ? null : <Effect effect={effect} />}
      <span>
        <span class="rule">{rule}</span> {why.length === 0 ? null : <Exact text={why.join(' ')} />}
        {approvals.map(({ id, approved_by: people }) => (
          <span>
            {' '}
            after <a href={`/approvals/${id}?state=all`}>approval</a> of{' '}
            {people.map((person) => (
              <Subject id={person} />
            ))}
          </span>
        ))}
        {masks.length === 0 ? null : (
          <details class="small quiet">
            <summary>{counted(masks.length, 'mask')} apply where they are met</summary>
            {masks.map(({ place, method, rule: by }) => (
              <span class="masks-line mono">
                {place} → {method} <span class="rule">{by}</span>
              </span>
            ))}
          </details>
        )}
      </span>
      <span class="end small quiet row">
        policy <span class="id">{revision.slice(0, 8)}</span>{' '}
        <Copy text={decision.decision} label={`Copy ${decision.decision}`} />
      </span>
    </div>
  )
}

function Approved({ step }: { readonly step: ApprovalStep & { readonly at: string } }): JSX.Element {
  const { approval, what, by, reason, counted: counts, at } = step
  return (
    <p class="small">
      <a href={`/approvals/${approval}?state=all`}>Approval</a> {what === 'consumed' ? 'used' : what} by{' '}
      {by === 'gateway' ? 'the gateway' : <Subject id={by} />} <Ago at={at} />
      {reason === '' ? null : (
        <span class="quiet">
          {' “'}
          <Exact text={reason} />”
        </span>
      )}
      {counts ? null : <span class="quiet"> It came too late, or does not count.</span>}
    </p>
  )
}

const chained = ['RequestReceived', 'DecisionMade', 'ResponseCompleted', 'ExchangeAbandoned'] as const

/** Where its events stand in the session’s chain of hashes. */
function Chain({
  item,
  places,
}: {
  readonly item: ReplayedExchange
  readonly places: Links
}): JSX.Element | null {
  const found = chained.flatMap((type) => {
    const place = places.get(`${type} ${item.exchange}`)
    return place === undefined ? [] : [{ type, ...place }]
  })
  if (found.length === 0) return null
  return (
    <p class="chain quiet small">
      <span class="id">{shortId(item.exchange)}</span>
      {found.map(({ type, seq, hash }) => (
        <span title={`${type}, hash ${hash}`}>
          #{seq} <span class="id">{hash.slice(0, 8)}</span>
        </span>
      ))}
    </p>
  )
}
