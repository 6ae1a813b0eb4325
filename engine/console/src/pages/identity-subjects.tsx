import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { get, send } from '../api/client.ts'
import type { SeenSubject } from '../api/operations.ts'
import { go, place } from '../location.ts'
import { is } from '../who.ts'
import { Id } from '../views/copy.tsx'
import { Ask } from '../views/dialog.tsx'
import { Empty } from '../views/empty.tsx'
import { ExportList } from '../views/export.tsx'
import { useLineKeys } from '../views/keys.tsx'
import { Shown, useLive } from '../views/resource.tsx'
import { Ago, Exact, Issuer, Subject } from '../views/texts.tsx'
import { say } from '../views/toast.tsx'
import { FilterBar } from './filter-bar.tsx'

const everyMs = 10_000
const shownMax = 200

/** What counts no more: one token or password, or whatever somebody was given up to now. */
type Wanted =
  | { readonly kind: 'subject'; readonly subject: string }
  | { readonly kind: 'token'; readonly token: string; readonly subject: string }

/** Who was seen lately, and the end of what they have. */
export function Subjects({ revoked }: { readonly revoked: () => void }): JSX.Element {
  const text = place.value.query['text'] ?? ''
  const [times, setTimes] = useState(0)
  const [wanted, setWanted] = useState<Wanted | null>(null)
  const subjects = useLive(
    (signal) =>
      get<readonly SeenSubject[]>(
        '/v1/subjects',
        { text: text === '' ? undefined : text, last: shownMax },
        signal,
      ),
    [text, times],
    everyMs,
  )
  const revoke = async (reason: string): Promise<void> => {
    if (wanted === null) return
    const what = wanted.kind === 'token' ? { token: wanted.token } : { subject: wanted.subject }
    await send('POST', '/v1/revocations', { ...what, reason })
    say('It counts no more, at any gateway of the log.')
    setTimes(times + 1)
    revoked()
  }
  return (
    <section aria-label="Subjects">
      <h2 class="section-title">Seen lately</h2>
      <FilterBar placeholder="Search who, in which group" choices={[]} />
      <Shown of={subjects}>
        {(found) => <List subjects={found} sought={text !== ''} revoke={setWanted} />}
      </Shown>
      {wanted === null ? null : (
        <Ask
          title={wanted.kind === 'token' ? 'Revoke this token?' : 'Revoke all tokens of this subject?'}
          verb="Revoke"
          dangerous
          reason="needed"
          act={revoke}
          close={() => setWanted(null)}
        >
          <p>
            <b>
              <Exact text={wanted.kind === 'token' ? wanted.token : wanted.subject} />
            </b>
          </p>
          <p>
            {wanted.kind === 'token'
              ? 'What lives by it ends at once, at every gateway.'
              : 'What was issued up to now is worth nothing, sessions end at once at every gateway, and for a minute no token of theirs is good.'}
          </p>
        </Ask>
      )}
    </section>
  )
}

const columns = [
  'subject',
  'type',
  'groups',
  'on_behalf_of',
  'seen_at',
  'token',
  'token_expires_at',
  'sessions',
  'passwords',
] as const

function List({
  subjects,
  sought,
  revoke,
}: {
  readonly subjects: readonly SeenSubject[]
  readonly sought: boolean
  readonly revoke: (wanted: Wanted) => void
}): JSX.Element {
  const at = useLineKeys(subjects.length, 'subject', (chosen) => {
    const line = subjects[chosen]
    if (line !== undefined) go(`/sessions?state=all&subject=${encodeURIComponent(line.subject)}`)
  })
  if (subjects.length === 0)
    return (
      <section class="card">
        <Empty
          icon="key"
          title={sought ? 'Nobody fits' : 'Nobody was seen yet'}
          {...(sought
            ? {}
            : { command: 'PGPASSWORD=$(npx sluice token) psql "postgresql://any@127.0.0.1:7432/shop"' })}
        >
          Whoever shows a token at this gateway, or has a session at any, is listed here with their groups.
          Let somebody come:
        </Empty>
      </section>
    )
  return (
    <section class="card" aria-label="Seen lately">
      <div class="scroll" tabIndex={0}>
        <table class="list">
          <thead>
            <tr>
              <th>Who</th>
              <th class="wide">Groups</th>
              <th>Seen</th>
              <th class="right">Sessions</th>
              <th class="wide">Token</th>
              {is('admin') ? <th class="right">Revoke</th> : null}
            </tr>
          </thead>
          <tbody>
            {subjects.map((each, index) => (
              <Line key={each.subject} line={each} selected={index === at} revoke={revoke} />
            ))}
          </tbody>
        </table>
      </div>
      <div class="card-body row">
        <span class="quiet small number">{subjects.length} subjects</span>
        <span class="end row">
          <ExportList name="subjects" columns={columns} lines={subjects} />
        </span>
      </div>
    </section>
  )
}

function Line({
  line,
  selected,
  revoke,
}: {
  readonly line: SeenSubject
  readonly selected: boolean
  readonly revoke: (wanted: Wanted) => void
}): JSX.Element {
  const { subject, type, groups, on_behalf_of, seen_at, token, sessions, passwords } = line
  return (
    <tr {...(selected ? { 'aria-selected': true } : {})}>
      <td>
        <b>
          <Subject id={subject} behalf={on_behalf_of} />
        </b>{' '}
        <span class="quiet small">
          <Issuer id={subject} /> {type ?? ''}
        </span>
      </td>
      <td class="wide">
        <span class="row">
          {groups === null ? <span class="quiet small">seen at another gateway</span> : null}
          {(groups ?? []).map((group) => (
            <span class="badge bare" key={group}>
              <Exact text={group} />
            </span>
          ))}
        </span>
      </td>
      <td class="quiet">
        <Ago at={seen_at} />
      </td>
      <td class="right">
        {sessions === 0 ? (
          <span class="quiet">0</span>
        ) : (
          <a href={`/sessions?subject=${encodeURIComponent(subject)}`}>{sessions}</a>
        )}
      </td>
      <td class="wide">
        {token === null ? null : <Id id={token} />}
        {passwords.map((password) => (
          <span class="row id-row" key={password}>
            <span class="quiet small">password</span> <Id id={password} />
            {is('admin') ? (
              <button
                class="plain small"
                type="button"
                onClick={() => revoke({ kind: 'token', token: password, subject })}
              >
                revoke
              </button>
            ) : null}
          </span>
        ))}
      </td>
      {is('admin') ? (
        <td class="right">
          <span class="row nowrap">
            {token === null ? null : (
              <button
                class="button small wide"
                type="button"
                aria-label={`Revoke the token of ${subject}`}
                onClick={() => revoke({ kind: 'token', token, subject })}
              >
                Token
              </button>
            )}
            <button
              class="button small danger"
              type="button"
              aria-label={`Revoke all tokens of ${subject}`}
              onClick={() => revoke({ kind: 'subject', subject })}
            >
              All
            </button>
          </span>
        </td>
      ) : null}
    </tr>
  )
}
