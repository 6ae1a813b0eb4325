import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { counted, countText, subjectName } from '../amount-text.ts'
import { get } from '../api/client.ts'
import type { CanAnswer, CanLine } from '../api/policy-answers.ts'
import type { SessionPage } from '../api/shapes.ts'
import { filter, place } from '../location.ts'
import { meaningOf, type Meaning } from '../meaning.ts'
import { Empty } from '../views/empty.tsx'
import { Export } from '../views/export.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Ago, Badge, Effect, Exact } from '../views/texts.tsx'
import { useTargetChoice } from './filter-bar.tsx'

/** What somebody can do at a target: asked of the policies in force, request by request. */
export function PolicyCan(): JSX.Element {
  const { subject = '', groups = '', target = '' } = place.value.query
  const asked = target !== '' && (subject !== '' || groups !== '')
  return (
    <>
      <div class="head">
        <h1>What can somebody do?</h1>
        <p>
          The policies in force judge one request of each kind, and what the subject asked for before, as the
          first request of somebody who has done nothing yet. Samples prove nothing of what they are no sample
          of.
        </p>
      </div>
      <div class="stack">
        <section class="card" aria-label="Who, and where">
          <div class="card-body">
            <AskCan key={`${subject} ${groups} ${target}`} />
          </div>
        </section>
        {asked ? (
          <Answered />
        ) : (
          <section class="card">
            <Empty icon="policies" title="Choose who, and where">
              A subject of whom the record knows, with the groups it had last, or any groups that you name.
            </Empty>
          </section>
        )}
      </div>
    </>
  )
}

function AskCan(): JSX.Element {
  const { query } = place.value
  const [subject, setSubject] = useState(query['subject'] ?? '')
  const [groups, setGroups] = useState(query['groups'] ?? '')
  const [type, setType] = useState(query['type'] ?? 'service')
  const targets = useTargetChoice()
  const [target, setTarget] = useState(query['target'] ?? '')
  const known = useResource(
    (signal) => get<SessionPage>('/v1/sessions/search', { last: 100 }, signal).then(subjectsOf),
    [],
  )
  const submit = (): void =>
    filter(
      groups === ''
        ? { subject, target, groups: undefined, type: undefined }
        : { groups, type, target, subject: undefined },
    )
  return (
    <form
      class="ask-can"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <label class="field">
        Subject
        <input
          class="input mono"
          list="known-subjects"
          placeholder="issuer#subject"
          value={subject}
          disabled={groups !== ''}
          onInput={(event) => setSubject(event.currentTarget.value)}
        />
        <datalist id="known-subjects">
          {known.kind === 'there'
            ? known.value.map((id) => <option value={id}>{subjectName(id)}</option>)
            : null}
        </datalist>
      </label>
      <label class="field">
        Or anybody of these groups
        <input
          class="input mono"
          placeholder="analysts, dba"
          value={groups}
          onInput={(event) => setGroups(event.currentTarget.value)}
        />
      </label>
      {groups === '' ? null : (
        <label class="field">
          Who is a
          <select class="input" value={type} onChange={(event) => setType(event.currentTarget.value)}>
            <option value="service">service</option>
            <option value="human">person</option>
          </select>
        </label>
      )}
      <label class="field">
        Target
        <select class="input" value={target} onChange={(event) => setTarget(event.currentTarget.value)}>
          {targets.options.map(([value, text]) => (
            <option value={value}>{value === '' ? 'Choose a target' : text}</option>
          ))}
        </select>
      </label>
      <button class="button main" type="submit" disabled={target === '' || (subject === '' && groups === '')}>
        Ask the policies
      </button>
    </form>
  )
}

function subjectsOf({ sessions }: SessionPage): readonly string[] {
  return [...new Set(sessions.map(({ subject }) => subject))].toSorted()
}

function Answered(): JSX.Element {
  const { subject, groups, target, type } = place.value.query
  const asked = { subject, groups, target, ...(groups === undefined ? {} : { type }) }
  const answer = useResource(
    (signal) => get<CanAnswer>('/v1/policies/can', asked, signal),
    [subject, groups, target, type],
  )
  return <Shown of={answer}>{(found) => <Can answer={found} />}</Shown>
}

const meanings: readonly Meaning[] = ['allow', 'mask', 'hold', 'deny']
const words: Readonly<Partial<Record<Meaning, string>>> = {
  allow: 'allowed',
  mask: 'masked',
  hold: 'held',
  deny: 'denied',
}

function Can({ answer }: { readonly answer: CanAnswer }): JSX.Element {
  const { requests, groups, grants, type, sealed, revision } = answer
  const recorded = requests.filter(({ origin }) => origin === 'recorded')
  const samples = requests.filter(({ origin }) => origin === 'sample')
  const count = (meaning: Meaning): number => samples.filter((line) => meaningIn(line) === meaning).length
  return (
    <>
      <section class="card" aria-label="In short">
        <div class="card-body stack-s">
          <p>
            {type === 'human' ? 'A person' : 'A service'}
            {groups.length === 0 ? ' without groups' : ` of ${groups.join(', ')}`}
            {grants.length === 0 ? '' : `, with ${grants.join(', ')} for a while`}. Judged by{' '}
            <span class="id">{revision.slice(0, 12)}</span>, in force now.
          </p>
          <p class="can-counts">
            {meanings.map((meaning) => (
              <Badge meaning={meaning}>
                {countText(count(meaning))} of {samples.length} samples {words[meaning]}
              </Badge>
            ))}
          </p>
        </div>
      </section>
      <Lines
        title="One of each kind"
        lines={samples}
        empty="The adapter of this target has no samples."
        name={`can-${answer.target}`}
      />
      {answer.subject === null ? null : (
        <Lines
          title="What was asked for before"
          lines={recorded}
          empty="Nothing that could be judged again is recorded of this subject here."
          name={`did-${answer.target}`}
        />
      )}
      {sealed === 0 ? null : (
        <p class="note">
          {counted(sealed, 'recorded request')} at hosts cannot be judged again: what was run stays sealed in
          the log.
        </p>
      )}
    </>
  )
}

function meaningIn({ effect, masks }: CanLine): Meaning {
  return meaningOf({ effect, masked: masks.length })
}

interface LinesProps {
  readonly title: string
  readonly lines: readonly CanLine[]
  readonly empty: string
  readonly name: string
}

function Lines({ title, lines, empty, name }: LinesProps): JSX.Element {
  return (
    <section class="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {lines.length === 0 ? null : (
          <span class="end row">
            <Export
              name={name}
              header={['request', 'action', 'effect', 'rule', 'message', 'masks', 'approvers']}
              rows={() => lines.map(exported)}
            />
          </span>
        )}
      </header>
      {lines.length === 0 ? (
        <p class="card-body quiet">{empty}</p>
      ) : (
        <div class="scroll" tabIndex={0}>
          <table class="list">
            <thead>
              <tr>
                <th>Request</th>
                <th>Would be</th>
                <th>By</th>
                <th class="wide">Because</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <tr key={`${line.what} ${line.times}`}>
                  <td>
                    <span class="mono">
                      <Exact text={line.what} />
                    </span>
                    {line.last_at === null ? null : (
                      <span class="quiet small">
                        {' '}
                        {countText(line.times)}×, last <Ago at={line.last_at} />
                      </span>
                    )}
                  </td>
                  <td>
                    <Effect effect={line.effect} masked={line.masks.length} />
                  </td>
                  <td>
                    <span class="rule">{line.rule}</span>
                  </td>
                  <td class="wide">
                    <Because line={line} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function Because({ line }: { readonly line: CanLine }): JSX.Element {
  return (
    <>
      <Exact text={line.fault ?? line.message} />
      {line.approvers.length === 0 ? null : (
        <span class="quiet">
          {' '}
          {line.quorum} of {line.approvers.join(', ')}
        </span>
      )}
      {line.masks.length === 0 ? null : (
        <details class="small quiet">
          <summary>{counted(line.masks.length, 'mask')}</summary>
          {line.masks.map(({ place: where, method, rule }) => (
            <span class="masks-line mono">
              {where} → {method} <span class="rule">{rule}</span>
            </span>
          ))}
        </details>
      )}
    </>
  )
}

function exported(line: CanLine): readonly unknown[] {
  const masks = line.masks.map(({ place: where, method }) => `${where} ${method}`).join('; ')
  return [line.what, line.action, line.effect, line.rule, line.message, masks, line.approvers.join(' ')]
}
