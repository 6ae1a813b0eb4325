import type { ComponentChildren, JSX } from 'preact'
import { countdownText, agoText, timeText } from '../time-text.ts'
import { subjectIssuer, subjectName } from '../amount-text.ts'
import { meaningOf, type Meaning } from '../meaning.ts'
import { zone } from '../preferences.ts'
import { marked, readable, type Segment } from '../printable.ts'
import { ticking } from '../ticking.ts'

/** A browser takes ever longer to add one more to thousands of neighbours. */
const neighboursMax = 500

/** Segments as they are shown: a mark is an element of its own, which no text can be. */
export function Segments({ of }: { readonly of: readonly Segment[] }): JSX.Element {
  if (of.length <= neighboursMax) return <bdi>{of.map(shown)}</bdi>
  const groups = Math.ceil(of.length / neighboursMax)
  return (
    <bdi>
      {Array.from({ length: groups }, (_, at) => (
        <span key={at}>{of.slice(at * neighboursMax, (at + 1) * neighboursMax).map(shown)}</span>
      ))}
    </bdi>
  )
}

function shown({ kind, text }: Segment): JSX.Element | string {
  if (kind === 'text') return text
  return <i class={/^(U\+|[A-Z]{2,4}$)/.test(text) ? 'mark danger' : 'mark'}>{text}</i>
}

/** A text that the gateway has made visible. */
export function Marked({ text }: { readonly text: string }): JSX.Element {
  return <Segments of={marked(text)} />
}

/** A text as it was: a name, a value, a message. */
export function Exact({ text }: { readonly text: string }): JSX.Element {
  return <Segments of={readable(text)} />
}

export function Subject({
  id,
  behalf,
}: {
  readonly id: string
  readonly behalf?: string | null
}): JSX.Element {
  return (
    <span title={id}>
      <Exact text={subjectName(id)} />
      {behalf == null ? null : (
        <span class="quiet">
          {' for '}
          <span title={behalf}>
            <Exact text={subjectName(behalf)} />
          </span>
        </span>
      )}
    </span>
  )
}

export function Issuer({ id }: { readonly id: string }): JSX.Element | null {
  const issuer = subjectIssuer(id)
  return issuer === null ? null : <span class="quiet small">{issuer}</span>
}

export function Time({ at }: { readonly at: string }): JSX.Element {
  return (
    <time class="number" dateTime={at} title={at}>
      {timeText(at, zone.value, ticking.value)}
    </time>
  )
}

export function Ago({ at }: { readonly at: string }): JSX.Element {
  return (
    <time dateTime={at} title={timeText(at, zone.value, ticking.value)}>
      {agoText(at, ticking.value)}
    </time>
  )
}

export function Countdown({ until }: { readonly until: string }): JSX.Element {
  const left = Date.parse(until) - ticking.value
  return (
    <time
      class={left < 60_000 ? 'countdown soon number' : 'countdown number'}
      dateTime={until}
      title={`until ${until}`}
    >
      {left <= 0 ? 'over' : countdownText(left)}
    </time>
  )
}

export function Badge({
  meaning,
  children,
}: {
  readonly meaning: Meaning
  readonly children: ComponentChildren
}): JSX.Element {
  return <span class={`badge ${meaning}`}>{children}</span>
}

export function Effect({
  effect,
  masked = 0,
}: {
  readonly effect: string | null
  readonly masked?: number
}): JSX.Element {
  const meaning = meaningOf({ effect, masked })
  return <Badge meaning={meaning}>{effects[meaning]}</Badge>
}

const effects: Readonly<Record<Meaning, string>> = {
  allow: 'allowed',
  mask: 'masked',
  hold: 'held',
  deny: 'denied',
  none: 'not decided',
}

const meanings: Readonly<Record<string, Meaning>> = {
  pending: 'hold',
  approved: 'allow',
  consumed: 'allow',
  rejected: 'deny',
  open: 'allow',
  lost: 'deny',
  requested: 'hold',
  given: 'allow',
}

export function State({ state }: { readonly state: string }): JSX.Element {
  return (
    <Badge meaning={meanings[state] ?? 'none'}>
      {state === 'pending' ? 'waiting' : state === 'consumed' ? 'used' : state}
    </Badge>
  )
}
