import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { get } from '../api/client.ts'
import type { Explained, RuleTrace } from '../api/policy-answers.ts'
import { counted } from '../amount-text.ts'
import { helpersOf, outcomeOf, sortedByWeight, valueIsSealed } from '../rule-traces.ts'
import { Icon } from '../views/icon.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Effect, Exact } from '../views/texts.tsx'

export interface WhyProps {
  readonly session: string
  readonly exchange: string
}

/** Why a request was decided as it was: asked for when somebody wants to know, since the policies are compiled for it. */
export function Why(props: WhyProps): JSX.Element {
  const [open, setOpen] = useState(false)
  return (
    <details class="why" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary class="small">Why it was decided so</summary>
      {open ? <Explanation {...props} /> : null}
    </details>
  )
}

function Explanation({ session, exchange }: WhyProps): JSX.Element {
  const explained = useResource(
    (signal) => get<Explained>('/v1/policies/explain', { session, exchange }, signal),
    [session, exchange],
  )
  return (
    <Shown of={explained}>
      {({ actions, by }) => (
        <div class="stack-s" role="region" aria-label="Why it was decided so">
          {actions.map((action) => (
            <Action action={action} />
          ))}
          <p class="small quiet">
            By the rules of policy <span class="id">{by.slice(0, 8)}</span>, which decided then.{' '}
            <a href={`/policies?session=${session}&exchange=${exchange}`}>Try other rules on it</a>
          </p>
        </div>
      )}
    </Shown>
  )
}

function Action({ action }: { readonly action: Explained['actions'][number] }): JSX.Element {
  const { recorded, explained, rules, withheld } = action
  const differs = recorded.effect !== explained.effect
  const authors = sortedByWeight(rules)
  const held = authors.filter((rule) => rule.held)
  const near = authors.filter((rule) => !rule.held)
  return (
    <>
      <p>
        <b class="mono">{action.action}</b> <Effect effect={recorded.effect} />{' '}
        {recorded.reasons.map(({ rule, message, remedy }) => (
          <span key={rule}>
            <span class="rule">{rule}</span> <Exact text={`${message} ${remedy}`.trim()} />{' '}
          </span>
        ))}
      </p>
      {differs ? (
        <p class="note">
          Judged again without what the log keeps sealed ({withheld.join(', ')}), the rules come to “
          {explained.effect}”. So what they come to below is not all of what happened.
        </p>
      ) : null}
      <p class="small quiet">{counted(held.length, 'rule')} applied:</p>
      <ol class="traces">
        {held.map((rule) => (
          <Trace key={`${rule.file} ${rule.row}`} rule={rule} all={rules} withheld={withheld} />
        ))}
      </ol>
      <details>
        <summary>{counted(near.length, 'rule')} did not, each with the condition at which it ended</summary>
        <ol class="traces">
          {near.map((rule) => (
            <Trace key={`${rule.file} ${rule.row}`} rule={rule} all={rules} withheld={withheld} />
          ))}
        </ol>
      </details>
    </>
  )
}

interface TraceProps {
  readonly rule: RuleTrace
  readonly all: readonly RuleTrace[]
  readonly withheld: readonly string[]
  /** Rules that help rules that help … */
  readonly depth?: number
}

const depthMax = 4

function Trace({ rule, all, withheld, depth = 0 }: TraceProps): JSX.Element {
  const { failed } = rule
  const helpers = depth < depthMax && failed !== null ? helpersOf(failed.uses, all) : []
  return (
    <li class={rule.held ? 'trace held' : 'trace'}>
      <Icon name={rule.held ? 'check' : 'cross'} />
      <div>
        <div class="trace-head">
          <b class="mono">{rule.name}</b>
          {rule.id === '' ? (
            <span class="mono quiet">{rule.package}</span>
          ) : (
            <span class="rule">{rule.id}</span>
          )}
          <span class="quiet small">{outcomeOf(rule)}</span>
          <span class="end quiet small mono">
            {rule.file}:{failed?.row ?? rule.row}
          </span>
        </div>
        {failed === null ? null : (
          <>
            <pre>
              <Exact text={failed.text} />
            </pre>
            <div class="trace-values mono">
              {failed.values.map(({ name, value }) => (
                <span>
                  {name} <span class="quiet">=</span>{' '}
                  {valueIsSealed(name, withheld) ? (
                    <i class="quiet">sealed in the log, so it was not looked at again</i>
                  ) : (
                    <Exact text={value} />
                  )}
                </span>
              ))}
            </div>
          </>
        )}
        {helpers.length === 0 ? null : (
          <ol class="traces">
            {helpers.map((helper) => (
              <Trace
                key={`${helper.file} ${helper.row}`}
                rule={helper}
                all={all}
                withheld={withheld}
                depth={depth + 1}
              />
            ))}
          </ol>
        )}
      </div>
    </li>
  )
}
