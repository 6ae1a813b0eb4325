import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { get, send } from '../api/client.ts'
import type { PolicyPage } from '../api/shapes.ts'
import { is } from '../who.ts'
import { Code } from '../views/code.tsx'
import { Copy } from '../views/copy.tsx'
import { Ask } from '../views/dialog.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Ago, Badge, Exact, Subject } from '../views/texts.tsx'
import { say } from '../views/toast.tsx'
import { PolicyFiles } from './policy-files.tsx'

/** What is in force, what was, and how to go back. */
export function Policies(): JSX.Element {
  const [times, setTimes] = useState(0)
  const page = useResource((signal) => get<PolicyPage>('/v1/policies', { last: 100 }, signal), [times])
  return (
    <>
      <div class="head">
        <h1>Policies</h1>
        <div class="actions">
          <a class="button" href="/policies/can">
            What can somebody do?
          </a>
        </div>
        <p>
          Rego rules that judge every request. A revision is in force everywhere as soon as it is activated;
          any of the log can be put in force again.
        </p>
      </div>
      <Shown of={page}>
        {(view) => (
          <div class="stack">
            <Now view={view} />
            <PolicyFiles revision={view.active} done={() => setTimes(times + 1)} />
            <Revisions view={view} done={() => setTimes(times + 1)} />
            <History view={view} />
          </div>
        )}
      </Shown>
    </>
  )
}

const files = {
  active: ['allow', 'the watched files'],
  differ: ['hold', 'not what the watched files say'],
  rejected: ['deny', 'the watched files cannot be used'],
} as const

function Now({ view }: { readonly view: PolicyPage }): JSX.Element {
  const [meaning, text] = files[view.files]
  return (
    <section class="card" aria-label="In force">
      <header>
        <h2>In force</h2>
        <span class="id">{view.active.slice(0, 12)}</span>
        <Copy text={view.active} label="Copy the revision" />
        <Badge meaning={meaning}>{text}</Badge>
      </header>
      <div class="card-body stack-s">
        {view.rejected === null || view.files !== 'rejected' ? null : (
          <>
            <p class="note deny">The files were saved with mistakes; what was in force stays.</p>
            <Code text={view.rejected.errors} language="plain" />
          </>
        )}
        {view.unusable === null ? null : (
          <>
            <p class="note deny">
              Another gateway activated {view.unusable.revision.slice(0, 12)}, which this one cannot use.
            </p>
            <Code text={view.unusable.errors} language="plain" />
          </>
        )}
        {view.gateways.length === 0 ? null : (
          <ul class="plain-list">
            {view.gateways.map(({ gateway, revision, errors }) => (
              <li key={gateway}>
                <span class="id">{gateway}</span> judges by{' '}
                <span class="id">{revision?.slice(0, 12) ?? 'what it has not said yet'}</span>
                {errors === null ? null : <Badge meaning="deny">{errors}</Badge>}
              </li>
            ))}
          </ul>
        )}
        {view.rejected === null && view.gateways.length === 0 ? (
          <p class="quiet">This gateway judges by it.</p>
        ) : null}
      </div>
    </section>
  )
}

function Revisions({ view, done }: { readonly view: PolicyPage; readonly done: () => void }): JSX.Element {
  const [chosen, choose] = useState<string | null>(null)
  const activate = async (reason: string): Promise<void> => {
    await send('POST', `/v1/policies/${chosen ?? ''}/activate`, { reason })
    say('It is in force.')
    done()
  }
  return (
    <section class="card" aria-label="Revisions">
      <header>
        <h2>Revisions in the log</h2>
      </header>
      <div class="scroll" tabIndex={0}>
        <table class="list">
          <thead>
            <tr>
              <th>Revision</th>
              <th>In force last</th>
              <th>By</th>
              <th>Reason</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {view.revisions.map(({ revision, time, by, reason, active }) => (
              <tr key={revision}>
                <td class="id">{revision.slice(0, 12)}</td>
                <td class="quiet">
                  <Ago at={new Date(time).toISOString()} />
                </td>
                <td>
                  <Subject id={by} />
                </td>
                <td class="cut">
                  <Exact text={reason} />
                </td>
                <td class="right">
                  {active ? (
                    <Badge meaning="allow">in force</Badge>
                  ) : is('admin') ? (
                    <button class="button small" type="button" onClick={() => choose(revision)}>
                      Put in force
                    </button>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {chosen === null ? null : (
        <Ask
          title={`Put ${chosen.slice(0, 12)} in force?`}
          verb="Activate"
          reason="needed"
          act={activate}
          close={() => choose(null)}
        >
          From now on every request is judged by it, at every gateway. It is recorded who did it, and why.
        </Ask>
      )}
    </section>
  )
}

function History({ view }: { readonly view: PolicyPage }): JSX.Element {
  return (
    <section class="card" aria-label="History">
      <header>
        <h2>What happened</h2>
      </header>
      <ol class="steps">
        {view.history.map((change) => (
          <li key={`${change.at_ms} ${change.revision ?? ''}`}>
            <span class="quiet small">
              <Ago at={new Date(change.at_ms).toISOString()} />
            </span>
            <Badge meaning={change.kind === 'activated' ? 'allow' : 'deny'}>{change.kind}</Badge>
            <span class="id">{change.revision?.slice(0, 12) ?? 'files'}</span>
            <span>
              <Subject id={change.by} />:{' '}
              <Exact text={change.errors === '' ? change.reason : change.errors} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}
