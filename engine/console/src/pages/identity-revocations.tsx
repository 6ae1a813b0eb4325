import type { JSX } from 'preact'
import { get } from '../api/client.ts'
import type { Revocation } from '../api/operations.ts'
import { Id } from '../views/copy.tsx'
import { ExportList } from '../views/export.tsx'
import { Shown, useLive } from '../views/resource.tsx'
import { Ago, Exact, Subject } from '../views/texts.tsx'

const everyMs = 10_000
const columns = ['of', 'token', 'subject', 'revoked_at', 'issued_up_to', 'until', 'by', 'reason'] as const

/** What counts no more, until none of it could still be good. */
export function Revocations(): JSX.Element {
  const revocations = useLive(
    (signal) => get<readonly Revocation[]>('/v1/revocations', {}, signal),
    [],
    everyMs,
  )
  return (
    <section aria-label="Revocations">
      <h2 class="section-title">Revoked</h2>
      <Shown of={revocations}>{(found) => <List revocations={found.toReversed()} />}</Shown>
    </section>
  )
}

function List({ revocations }: { readonly revocations: readonly Revocation[] }): JSX.Element {
  if (revocations.length === 0)
    return (
      <section class="card">
        <p class="card-body quiet">
          Nothing is. What leaked is ended here, or with{' '}
          <code>npx sluice token revoke &lt;id&gt; --reason …</code>; it is forgotten once none of it could be
          good any more.
        </p>
      </section>
    )
  return (
    <section class="card" aria-label="Revoked">
      <div class="scroll" tabIndex={0}>
        <table class="list">
          <thead>
            <tr>
              <th>What</th>
              <th>When</th>
              <th class="wide">By</th>
              <th>Reason</th>
              <th class="wide">Remembered</th>
            </tr>
          </thead>
          <tbody>
            {revocations.map((each) => (
              <tr key={`${each.token ?? ''} ${each.subject ?? ''}`}>
                <td>
                  {each.token === null ? (
                    <>
                      all of{' '}
                      <b>
                        <Subject id={each.subject ?? ''} />
                      </b>
                    </>
                  ) : (
                    <Id id={each.token} />
                  )}
                </td>
                <td class="quiet">
                  <Ago at={each.revoked_at} />
                </td>
                <td class="wide">
                  <Subject id={each.by} />
                </td>
                <td class="cut">
                  <Exact text={each.reason} />
                </td>
                <td class="wide quiet">
                  <Ago at={each.until} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="card-body row">
        <span class="end row">
          <ExportList name="revocations" columns={columns} lines={revocations} />
        </span>
      </div>
    </section>
  )
}
