import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { bytesText, countText } from '../amount-text.ts'
import { get, lines, send } from '../api/client.ts'
import type { LogEvent, SessionLine } from '../api/shapes.ts'
import { place } from '../location.ts'
import { playClock, playedUntil } from '../play-clock.ts'
import { sessionChanges } from '../live-sessions.ts'
import { queryText } from '../query.ts'
import { useRecording } from '../recording.ts'
import { is, me } from '../who.ts'
import { Id } from '../views/copy.tsx'
import { Ask } from '../views/dialog.tsx'
import { Empty } from '../views/empty.tsx'
import { Icon } from '../views/icon.tsx'
import { Player, usePlayer } from '../views/player.tsx'
import { Shown, useResource, Waiting, Wrong } from '../views/resource.tsx'
import { Ago, Exact, Marked, State, Subject, Time } from '../views/texts.tsx'
import { say } from '../views/toast.tsx'
import { Exchange, type Links } from './session-exchange.tsx'
import { Note } from './session-note.tsx'

/** One session: who, where, and everything that was asked and seen in it. */
export function Session({ id }: { readonly id: string }): JSX.Element {
  const session = useResource(
    (signal) => get<SessionLine>(`/v1/sessions/${id}`, {}, signal),
    [id, sessionChanges.value],
  )
  return <Shown of={session}>{(line) => <Opened session={line} />}</Shown>
}

function Opened({ session }: { readonly session: SessionLine }): JSX.Element {
  const [killing, setKilling] = useState(false)
  const open = session.state === 'open'
  const mine = session.subject === me()
  const kill = async (reason: string): Promise<void> => {
    await send('POST', `/v1/sessions/${session.id}/kill`, reason === '' ? {} : { reason })
    say('The session was ended.')
  }
  return (
    <>
      <div class="head">
        <a class="button small" href="/sessions" aria-label="All sessions">
          <Icon name="back" />
        </a>
        <h1>
          <Subject id={session.subject} behalf={session.on_behalf_of} /> on {session.target}
        </h1>
        <State state={session.state} />
        <div class="actions">
          {is('admin') || is('auditor') ? (
            <a
              class="button"
              href={`/policies/can${queryText({ subject: session.subject, target: session.target })}`}
            >
              What can they do here?
            </a>
          ) : null}
          {open && (mine || is('admin')) ? (
            <button class="button danger" type="button" onClick={() => setKilling(true)}>
              <Icon name="cross" /> End session
            </button>
          ) : null}
        </div>
      </div>
      <Facts session={session} />
      <Recorded session={session} />
      {killing ? (
        <Ask title="End this session?" verb="End it" dangerous act={kill} close={() => setKilling(false)}>
          What runs in it is cancelled, its client is told, and the reason is recorded.
        </Ask>
      ) : null}
    </>
  )
}

function Facts({ session }: { readonly session: SessionLine }): JSX.Element {
  const facts: readonly (readonly [string, JSX.Element | string])[] = [
    ['Opened', <Time at={session.opened_at} />],
    ['Protocol', session.protocol],
    ['From', session.client_ip],
    ['Application', session.application === null ? 'names none' : <Marked text={session.application} />],
    ...(session.run === null
      ? []
      : [
          [
            'Run (as it says)',
            <a href={`/runs/${encodeURIComponent(session.run)}`}>
              <Marked text={session.run} />
            </a>,
          ] as const,
        ]),
    [
      'Requests',
      `${countText(session.requests)}${session.denied > 0 ? `, ${countText(session.denied)} denied` : ''}`,
    ],
    ['Rows', countText(session.rows)],
    ['Bytes', bytesText(session.bytes)],
    ...(session.tokens > 0 ? [['Tokens', countText(session.tokens)] as const] : []),
    ...(session.state === 'open'
      ? [['Token good until', <Ago at={session.token_expires_at} />] as const]
      : []),
    ['Gateway', <Id id={session.gateway} />],
    ['Session', <Id id={session.id} />],
  ]
  return (
    <div class="card facts-card">
      <div class="card-body">
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </div>
  )
}

const itemsShown = 150

function Recorded({ session }: { readonly session: SessionLine }): JSX.Element {
  const recording = useRecording(session.id)
  const [most, setMost] = useState(itemsShown)
  const places = usePlaces(session.id, recording.items.length)
  const clock = useMemo(() => playClock(recording.items), [recording.items])
  const player = usePlayer(clock.endMs)
  const { items } = recording
  const played = player.at === null ? items : playedUntil(items, clock, player.at)
  const aimed = items.findIndex((item) => item.kind === 'exchange' && item.exchange === place.value.aim)
  // What is aimed at is shown, however long ago it was.
  const hidden = Math.max(0, Math.min(played.length - most, aimed < 0 ? Infinity : aimed))
  if (recording.wrong !== null) return <NotReadable why={recording.wrong} />
  if (items.length === 0 && recording.state === 'reading') return <Waiting />
  return (
    <section aria-label="Recording">
      <div class="head replay-head">
        <h2>Recording</h2>
        {recording.state === 'live' && session.state === 'open' ? <span class="live">live</span> : null}
        {recording.state === 'full' ? (
          <span class="quiet small">only its first 50 000 steps are shown</span>
        ) : null}
        <Player player={player} />
      </div>
      {hidden > 0 ? (
        <div class="more">
          <button class="button small" type="button" onClick={() => setMost((before) => before + itemsShown)}>
            Show {Math.min(hidden, itemsShown)} earlier of {hidden}
          </button>
        </div>
      ) : null}
      <ol class="replay">
        {played
          .slice(hidden)
          .map((item, index) =>
            item.kind === 'note' ? (
              <Note key={`n${hidden + index}`} note={item} />
            ) : (
              <Exchange
                key={item.exchange}
                session={session.id}
                item={item}
                protocol={session.protocol}
                places={places}
              />
            ),
          )}
      </ol>
      {items.length === 0 ? (
        <Empty icon="sessions" title="Nothing was asked yet">
          What its client asks and sees appears here as it happens.
        </Empty>
      ) : null}
    </section>
  )
}

function NotReadable({ why }: { readonly why: string }): JSX.Element {
  return is('auditor') ? (
    <Wrong why={why} />
  ) : (
    <Empty icon="lock" title="Its content is not yours to read">
      Only auditors, and the subject of a session, read what was asked and seen in it. <Exact text={why} />
    </Empty>
  )
}

/** Where each event of the session stands in its chain, by its type and exchange. */
function usePlaces(session: string, changes: number): Links {
  const found = useResource(
    async (signal) => {
      const places = new Map<string, Pick<LogEvent, 'seq' | 'hash'>>()
      for await (const { type, seq, hash, data } of lines<LogEvent>('/v1/events', { session }, signal))
        places.set(`${type} ${typeof data['exchange'] === 'string' ? data['exchange'] : ''}`, { seq, hash })
      return places
    },
    // Not for each step of one that is live.
    [session, Math.floor(changes / 25)],
  )
  return found.kind === 'there' ? found.value : new Map()
}
