import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { following } from '../api/follow.ts'
import { needsMe } from '../inbox.ts'
import { place } from '../location.ts'
import { placesFor, type PlaceName } from '../places.ts'
import { theme, zone, type Theme } from '../preferences.ts'
import { signOut } from '../sign-in.ts'
import { is, me } from '../who.ts'
import { Icon, type IconName } from './icon.tsx'
import { KeyHelp } from './keys.tsx'
import { Toasts } from './toast.tsx'
import { subjectName } from '../amount-text.ts'

export function Brand(): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0f6b66" />
      <path d="M9 7v18M23 7v18M9 12h14" stroke="#fff" stroke-width="2.6" stroke-linecap="round" />
      <path
        d="M12.500 19c1.200-1 2.300-1 3.500 0s2.300 1 3.500 0"
        stroke="#9fe0d8"
        stroke-width="2.400"
        fill="none"
        stroke-linecap="round"
      />
    </svg>
  )
}

/** What is around every page. */
export function Shell({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <div class="shell">
        <div class="side">
          <a class="brand" href="/">
            <Brand /> Sluice
          </a>
          <Places />
          <Foot />
        </div>
        <main id="main" tabIndex={-1}>
          {following.value === 'broken' ? (
            <div class="broken" role="status">
              The live stream is interrupted; it is being taken up again. What is shown may be old.
            </div>
          ) : null}
          {children}
        </main>
      </div>
      <Toasts />
      <KeyHelp />
    </>
  )
}

/** Where the pages are: beside them, or on a phone below them, with the less frequent ones behind one more. */
function Places(): JSX.Element {
  const [more, setMore] = useState(false)
  const { parts } = place.value
  const groups = placesFor(is)
  const others = groups
    .map(({ title, places }) => ({ title, places: places.filter(({ major }) => major !== true) }))
    .filter(({ places }) => places.length > 0)
  const hidden = others.some(({ places }) => places.some(({ path }) => path === sectionOf(parts)))
  useEffect(() => setMore(false), [place.value])
  return (
    <nav class="places" aria-label="Pages">
      {groups.map(({ title, places }) => (
        <div class="place-group" key={title}>
          <span class="place-title" aria-hidden="true">
            {title}
          </span>
          {places.map((each) => (
            <PlaceLink key={each.path} of={each} />
          ))}
        </div>
      ))}
      <button
        class={hidden ? 'more-places here' : 'more-places'}
        type="button"
        aria-expanded={more}
        onClick={() => setMore(!more)}
      >
        <Icon name="more" />
        More
      </button>
      {more ? (
        <div class="places-sheet">
          {others.flatMap(({ places }) => places.map((each) => <PlaceLink key={each.path} of={each} />))}
        </div>
      ) : null}
    </nav>
  )
}

function sectionOf([section = '']: readonly string[]): string {
  return section === 'runs' ? 'exchanges' : section
}

function PlaceLink({ of: { path, name, icon, major } }: { readonly of: PlaceName }): JSX.Element {
  const waiting = path === 'approvals' ? needsMe.value.length : 0
  return (
    <a
      href={`/${path}`}
      class={major === true ? '' : 'minor'}
      {...(sectionOf(place.value.parts) === path ? { 'aria-current': 'page' } : {})}
    >
      <Icon name={icon} />
      {name}
      {waiting > 0 ? <span class="pill">{waiting}</span> : null}
    </a>
  )
}

const themes: readonly (readonly [Theme, IconName])[] = [
  ['light', 'sun'],
  ['dark', 'moon'],
  ['system', 'screen'],
]

/** Beyond what every user may. */
const granted = ['admin', 'approver', 'auditor'] as const

function Foot(): JSX.Element {
  const name = subjectName(me())
  const [next, icon] = themes[(themes.findIndex(([each]) => each === theme.value) + 1) % themes.length] ?? [
    'system',
    'screen',
  ]
  return (
    <div class="side-foot">
      <div class="choices">
        <button
          class="plain"
          type="button"
          onClick={() => (theme.value = next)}
          aria-label={`Colours: ${theme.value}. Change to ${next}`}
          title={`Colours: ${theme.value}`}
        >
          <Icon name={themes.find(([each]) => each === theme.value)?.[1] ?? icon} />
        </button>
        <button
          class="plain"
          type="button"
          onClick={() => (zone.value = zone.value === 'local' ? 'utc' : 'local')}
          aria-label={`Times: ${zone.value}. Change`}
          title="Time zone"
        >
          {zone.value === 'utc' ? 'UTC' : 'Local'}
        </button>
        <button
          class="plain"
          type="button"
          onClick={() => void signOut()}
          aria-label="Sign out"
          title="Sign out"
        >
          <Icon name="out" />
        </button>
      </div>
      <div class="person" title={me()}>
        <span class="face" aria-hidden="true">
          {name.slice(0, 1)}
        </span>
        <span class="person-name">
          <b>{name}</b>
          <span class="quiet small">{granted.filter((role) => is(role)).join(', ') || 'user'}</span>
        </span>
      </div>
    </div>
  )
}
