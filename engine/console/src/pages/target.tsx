import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { get, send } from '../api/client.ts'
import type { TargetDetail, TargetProbe } from '../api/operations.ts'
import { go } from '../location.ts'
import { spanText } from '../time-text.ts'
import { is } from '../who.ts'
import { Copy } from '../views/copy.tsx'
import { Ask } from '../views/dialog.tsx'
import { Facts } from '../views/facts.tsx'
import { Icon } from '../views/icon.tsx'
import { useKeys } from '../views/keys.tsx'
import { messageOf, Shown, useLive } from '../views/resource.tsx'
import { Ago, Badge, Exact, Subject } from '../views/texts.tsx'
import { say } from '../views/toast.tsx'
import { Findings, HealthBadge } from './target-findings.tsx'

const everyMs = 10_000

/** One target: how it is, what holds there, and what can be done with it. */
export function Target({ name }: { readonly name: string }): JSX.Element {
  const [times, setTimes] = useState(0)
  const path = `/v1/targets/${encodeURIComponent(name)}`
  const target = useLive((signal) => get<TargetDetail>(path, {}, signal), [name, times], everyMs)
  useKeys([{ key: 'u', does: 'All targets', press: () => go('/targets') }])
  return (
    <>
      <a class="up" href="/targets">
        <Icon name="back" /> Targets
      </a>
      <Shown of={target}>{(found) => <Whole target={found} again={() => setTimes(times + 1)} />}</Shown>
    </>
  )
}

function Whole({
  target,
  again,
}: {
  readonly target: TargetDetail
  readonly again: () => void
}): JSX.Element {
  const { name, protocol, labels, served, source } = target
  const [removing, setRemoving] = useState(false)
  const remove = async (): Promise<void> => {
    await send('DELETE', `/v1/targets/${encodeURIComponent(name)}`, {})
    say(`${name} was removed at all gateways.`)
    go('/targets')
  }
  const named = encodeURIComponent(name)
  return (
    <>
      <div class="head">
        <h1>
          <Exact text={name} />
        </h1>
        <span class="row">
          <span class="badge bare">{protocol}</span>
          {Object.entries(labels).map(([label, value]) => (
            <span class="badge bare" key={label}>
              {label}: {value}
            </span>
          ))}
          {served ? null : <Badge meaning="none">served by another gateway</Badge>}
        </span>
        <div class="actions">
          {is('admin') || is('auditor') ? (
            <a class="button" href={`/policies/can?target=${named}`}>
              Who can do what
            </a>
          ) : null}
          <a class="button" href={`/sessions?target=${named}`}>
            Sessions
          </a>
          <a class="button" href={`/exchanges?target=${named}`}>
            Requests
          </a>
          {is('admin') && source === 'log' ? (
            <button class="button danger" type="button" onClick={() => setRemoving(true)}>
              Remove
            </button>
          ) : null}
        </div>
      </div>
      <div class="stack">
        {served ? <Connection target={target} again={again} /> : null}
        <Terms target={target} />
      </div>
      {removing ? (
        <Ask
          title={`Remove ${name}?`}
          verb="Remove"
          dangerous
          reason="none"
          act={remove}
          close={() => setRemoving(false)}
        >
          What is open there ends at once, at every gateway of the log. The record of it stays.
        </Ask>
      ) : null}
    </>
  )
}

function Connection({
  target: { name, state, probe },
  again,
}: {
  readonly target: TargetDetail
  readonly again: () => void
}): JSX.Element {
  const [busy, setBusy] = useState(false)
  const test = async (): Promise<void> => {
    if (busy) return
    setBusy(true)
    try {
      await send<TargetProbe>('POST', `/v1/targets/${encodeURIComponent(name)}/probe`, {})
      again()
    } catch (error) {
      say(messageOf(error), true)
    } finally {
      setBusy(false)
    }
  }
  useKeys(is('admin') ? [{ key: 't', does: 'Test the connection', press: () => void test() }] : [])
  const connections = state?.connections ?? null
  return (
    <section class="card" aria-label="Connection">
      <header>
        <h2>Connection</h2>
        <HealthBadge state={state?.probed?.state ?? null} />
        {probe === null ? null : (
          <span class="quiet">
            tried <Ago at={probe.at} /> by <Subject id={probe.by} />
          </span>
        )}
        {is('admin') ? (
          <span class="end">
            <button class="button small" type="button" disabled={busy} onClick={() => void test()}>
              {busy ? 'Testing …' : 'Test connection'} <kbd>t</kbd>
            </button>
          </span>
        ) : null}
      </header>
      <div class="card-body stack-s">
        <Facts
          of={[
            [
              'Address',
              <span class="row id-row">
                <span class="mono">{state?.address}</span>
                <Copy text={state?.address ?? ''} label="Copy the address" />
              </span>,
            ],
            [
              'Reached',
              state?.via == null ? (
                'directly'
              ) : (
                <a href={`/agents?text=${encodeURIComponent(state.via)}`}>by the agent {state.via}</a>
              ),
            ],
            ['Open sessions here', state?.sessions ?? 0],
            ...(connections === null
              ? []
              : ([
                  ['Connections in use', `${connections.busy} of ${connections.max}`],
                  ['At rest', connections.resting],
                  ['Waiting for one', connections.waiting],
                ] as const)),
          ]}
        />
        {probe === null ? (
          <p class="note">
            A test logs in there as a session would, with the credential that the configuration names, and
            changes nothing. {is('admin') ? '' : 'Admins can run it. '}It is in the record.
          </p>
        ) : (
          <Findings findings={probe.findings} />
        )}
      </div>
    </section>
  )
}

function Terms({ target: { source, added_by: by, terms } }: { readonly target: TargetDetail }): JSX.Element {
  const rate = (of: { readonly per_second: number; readonly burst: number } | null): string =>
    of === null ? 'unbounded' : `${Number(of.per_second.toFixed(4))} a second, ${of.burst} at once`
  return (
    <section class="card" aria-label="What holds here">
      <header>
        <h2>What holds here</h2>
        <span class="quiet">
          {source === 'file' ? (
            'declared by the configuration file'
          ) : (
            <>
              added by <Subject id={by ?? ''} />
            </>
          )}
        </span>
      </header>
      <div class="card-body stack-s">
        {terms === null ? (
          <p class="note">It is served by another gateway of this log, which knows its terms.</p>
        ) : (
          <>
            <Facts
              of={[
                [
                  'Logs in as',
                  terms.credential === null
                    ? 'nobody: it asks for none'
                    : (terms.credential.user ?? 'what its secret says'),
                ],
                ['Secret', terms.credential === null ? 'none' : terms.credential.place],
                ['Requests of one subject', rate(terms.rate)],
                [
                  'Conditions on masked columns',
                  terms.conditions === null ? 'as policies say' : rate(terms.conditions),
                ],
                [
                  'Access for a while',
                  terms.access === null
                    ? 'nobody may give any'
                    : `${terms.access.roles.join(', ')} by ${terms.access.approvers.join(', ')}, at most ${spanText(terms.access.max_s * 1_000)}`,
                ],
              ]}
            />
            <h3>Settings in force</h3>
            <div class="scroll" tabIndex={0} role="region" aria-label="Settings">
              <table class="list plain-table">
                <tbody>
                  {terms.settings.map(({ name, value }) => (
                    <tr key={name}>
                      <th scope="row" class="mono">
                        {name}
                      </th>
                      <td class="mono">
                        {value === '' ? <span class="quiet">not set</span> : <Exact text={value} />}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <p class="quiet small">
              What is masked and refused is decided by the <a href="/policies">policies</a>, request by
              request.
            </p>
          </>
        )}
      </div>
    </section>
  )
}
