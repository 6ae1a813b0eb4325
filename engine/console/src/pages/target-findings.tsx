import type { JSX } from 'preact'
import type { Health, TargetFinding } from '../api/operations.ts'
import type { Meaning } from '../meaning.ts'
import { Badge, Exact } from '../views/texts.tsx'

const health: Readonly<Record<Health, readonly [Meaning, string]>> = {
  good: ['allow', 'reachable'],
  advice: ['hold', 'could be safer'],
  bad: ['deny', 'sessions fail'],
}

/** What a target is like, as far as anybody tried. */
export function HealthBadge({ state }: { readonly state: Health | null }): JSX.Element {
  if (state === null) return <Badge meaning="none">not tried yet</Badge>
  const [meaning, text] = health[state]
  return <Badge meaning={meaning}>{text}</Badge>
}

const marks: Readonly<Record<Health, readonly [Meaning, string]>> = {
  good: ['allow', 'good'],
  advice: ['hold', 'advice'],
  bad: ['deny', 'wrong'],
}

/** What an attempt to log in at a target found, and what to do. */
export function Findings({ findings }: { readonly findings: readonly TargetFinding[] }): JSX.Element {
  return (
    <ul class="findings" aria-label="What was found">
      {findings.map(({ state, about, detail, remedy }) => {
        const [meaning, text] = marks[state]
        return (
          <li key={`${about} ${detail}`}>
            <Badge meaning={meaning}>{text}</Badge>
            <span class="finding-about">{about}</span>
            <span class="finding-text">
              <Exact text={detail} />
              {remedy === '' ? null : (
                <span class="quiet finding-remedy">
                  <Exact text={remedy} />
                </span>
              )}
            </span>
          </li>
        )
      })}
    </ul>
  )
}
