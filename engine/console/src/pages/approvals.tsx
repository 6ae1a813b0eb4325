import type { JSX } from 'preact'
import { get } from '../api/client.ts'
import type { ApprovalLine } from '../api/shapes.ts'
import { waiting } from '../inbox.ts'
import { filter, go, place } from '../location.ts'
import { Empty } from '../views/empty.tsx'
import { useKeys } from '../views/keys.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Badge, Countdown, Marked, State, Subject } from '../views/texts.tsx'
import { Approval } from './approval.tsx'

const shelves = [
  ['', 'Waiting'],
  ['approved', 'Approved'],
  ['rejected', 'Rejected'],
  ['all', 'All'],
] as const

const pageSize = 100

/** The inbox: what waits on the left, one of it on the right; on a phone one after the other. */
export function Approvals({ id }: { readonly id?: string }): JSX.Element {
  const state = place.value.query['state'] ?? ''
  return (
    <div class={id === undefined ? 'inbox' : 'inbox chosen'}>
      <section class="inbox-list" aria-label="Approvals">
        <div class="head">
          <h1>Approvals</h1>
        </div>
        <nav class="tabs" aria-label="Which approvals">
          {shelves.map(([shelf, name]) => (
            <a
              key={shelf}
              href={`/approvals${shelf === '' ? '' : `?state=${shelf}`}`}
              {...(state === shelf ? { 'aria-current': 'page' } : {})}
            >
              {name}
              {shelf === '' && waiting.value.length > 0 ? (
                <span class="quiet number"> {waiting.value.length}</span>
              ) : null}
            </a>
          ))}
        </nav>
        {state === '' ? <List lines={waiting.value} chosen={id} /> : <Past state={state} chosen={id} />}
      </section>
      <section class="inbox-one" aria-label="The chosen approval">
        {id === undefined ? <Chosen /> : <Approval key={id} id={id} />}
      </section>
    </div>
  )
}

function Chosen(): JSX.Element {
  return waiting.value.length === 0 ? (
    <Empty
      icon="approvals"
      title="Nothing waits for you"
      command={'psql "postgresql://any@127.0.0.1:7432/shop"\ndelete from orders where id = 1;'}
    >
      When a policy holds a statement, a request or a command, it stays on its live connection and appears
      here, with everything you need to decide. In the demo, a DELETE with WHERE is held:
    </Empty>
  ) : (
    <Empty icon="approvals" title="Choose one on the left">
      <kbd>j</kbd> and <kbd>k</kbd> move, <kbd>a</kbd> approves, <kbd>r</kbd> rejects.
    </Empty>
  )
}

function Past({
  state,
  chosen,
}: {
  readonly state: string
  readonly chosen: string | undefined
}): JSX.Element {
  const before = place.value.query['before']
  const asked = JSON.stringify({ state, before })
  const page = useResource(
    async (signal) => ({
      asked,
      lines: await get<readonly ApprovalLine[]>('/v1/approvals', { state, last: pageSize, before }, signal),
    }),
    [asked],
  )
  return (
    <Shown of={page}>
      {({ asked: answered, lines }) => (
        <div class="answer" aria-busy={answered !== asked}>
          <List lines={lines.toReversed()} chosen={chosen} />
          {lines.length < pageSize ? null : (
            <div class="more">
              <button class="button small" type="button" onClick={() => filter({ before: lines[0]?.id })}>
                Older ones
              </button>
            </div>
          )}
        </div>
      )}
    </Shown>
  )
}

function List({
  lines,
  chosen,
}: {
  readonly lines: readonly ApprovalLine[]
  readonly chosen: string | undefined
}): JSX.Element {
  const at = lines.findIndex(({ id }) => id === chosen)
  const choose = (index: number): void => {
    const line = lines[Math.max(0, Math.min(lines.length - 1, index))]
    if (line !== undefined) go(pathOf(line.id))
  }
  useKeys([
    // Approves what is chosen, so there must be something chosen first.
    ...(at < 0 && lines.length > 0 ? [{ key: 'a', does: 'Open the first', press: () => choose(0) }] : []),
    { key: 'j', does: 'The next approval', press: () => choose(at + 1) },
    { key: 'k', does: 'The one before', press: () => choose(at < 0 ? 0 : at - 1) },
  ])
  if (lines.length === 0) return <p class="quiet inbox-none">None.</p>
  return (
    <ul class="inbox-lines">
      {lines.map((line) => (
        <li key={line.id}>
          <a
            class="inbox-line"
            href={pathOf(line.id)}
            {...(line.id === chosen ? { 'aria-current': 'true' } : {})}
          >
            <span class="inbox-top">
              <b>{line.action}</b>
              <span class="quiet">on {line.target}</span>
              <span class="end">
                {line.caller_waits === false ? <Badge meaning="none">caller gone</Badge> : null}
                {line.state === 'pending' ? (
                  <Countdown until={line.expires_at} />
                ) : (
                  <State state={line.state} />
                )}
              </span>
            </span>
            <span class="inbox-statement mono">
              {line.statement === null ? (
                <i class="quiet">erased</i>
              ) : (
                <Marked text={line.statement.slice(0, 200)} />
              )}
            </span>
            <span class="inbox-bottom quiet small">
              <Subject id={line.subject} />
              {line.quorum > 1 ? (
                <span class="end number">
                  {line.approved} of {line.quorum} approved
                </span>
              ) : null}
            </span>
          </a>
        </li>
      ))}
    </ul>
  )
}

function pathOf(id: string): string {
  const { state } = place.value.query
  return `/approvals/${id}${state === undefined ? '' : `?state=${state}`}`
}
