import { computed, signal, type ReadonlySignal } from '@preact/signals'
import { changed, parseQuery, queryText, type Query } from './query.ts'

/** Where the console is: all that is looked at stands in the address, so that it can be sent to somebody. */
export interface Place {
  /** `/sessions/ses_…`, in parts. */
  readonly parts: readonly string[]
  readonly query: Query
  /** What is aimed at on the page: an id. */
  readonly aim: string
}

const current = signal(here())

export const place: ReadonlySignal<Place> = computed(() => current.value)

export function go(to: string): void {
  history.pushState(null, '', to)
  current.value = here()
  window.scrollTo(0, 0)
}

/** Other filters of the same page; one that is typed leaves no steps behind. */
export function filter(
  change: Readonly<Record<string, string | undefined>>,
  how: 'push' | 'replace' = 'push',
): void {
  const to = location.pathname + queryText(changed(current.value.query, change))
  if (how === 'push') history.pushState(null, '', to)
  else history.replaceState(null, '', to)
  current.value = here()
}

/** Where an exchange stands in its session. */
export function exchangePath({
  session,
  exchange,
}: {
  readonly session: string
  readonly exchange: string
}): string {
  return `/sessions/${session}#${exchange}`
}

/** Links of this page lead without loading it again; all others, and those with a key held, as in any page. */
export function followLinks(): void {
  window.addEventListener('popstate', () => (current.value = here()))
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    if (link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return
    if (/^\/(v1|console)\//.test(link.pathname)) return
    // A place on this page is the browser's to find.
    if (link.hash !== '' && link.pathname === location.pathname && link.search === location.search) return
    event.preventDefault()
    go(link.pathname + link.search + link.hash)
  })
}

function here(): Place {
  return {
    parts: location.pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decoded),
    query: parseQuery(location.search),
    aim: location.hash.slice(1),
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
