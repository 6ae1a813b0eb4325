import type { JSX } from 'preact'
import { countText } from '../amount-text.ts'
import type { FoundExchange } from '../api/shapes.ts'
import { exchangePath, go } from '../location.ts'
import { ExportList } from '../views/export.tsx'
import { useLineKeys } from '../views/keys.tsx'
import { Effect, Exact, Subject, Time } from '../views/texts.tsx'

const columns = [
  'exchange',
  'session',
  'at',
  'subject',
  'on_behalf_of',
  'target',
  'run',
  'summary',
  'effect',
  'rule',
  'reason',
  'decision',
  'revision',
  'outcome',
  'status',
  'rows',
  'masked',
  'bytes',
] as const

/** Exchanges as a table; each leads to where it stands in its session. */
export function FoundExchanges({ exchanges }: { readonly exchanges: readonly FoundExchange[] }): JSX.Element {
  const at = useLineKeys(exchanges.length, 'request', (chosen) => {
    const found = exchanges[chosen]
    if (found !== undefined) go(exchangePath(found))
  })
  return (
    <section class="card" aria-label="Requests">
      <div class="scroll" tabIndex={0}>
        <table class="list">
          <thead>
            <tr>
              <th>Time</th>
              <th>Decision</th>
              <th>Request</th>
              <th>Target</th>
              <th class="wide">Who</th>
              <th class="wide">Rule</th>
              <th class="right wide">Rows</th>
            </tr>
          </thead>
          <tbody>
            {exchanges.map((each, index) => (
              <tr key={each.exchange} {...(index === at ? { 'aria-selected': true } : {})}>
                <td class="quiet small">
                  <Time at={each.at} />
                </td>
                <td>
                  <Effect effect={each.effect} masked={each.masked} />
                </td>
                <td class="cut">
                  <a class="mono calm" href={exchangePath(each)}>
                    <Exact text={each.summary} />
                  </a>
                  {each.reason === null || each.effect === 'allow' ? null : (
                    <span class="quiet">
                      {' '}
                      <Exact text={each.reason} />
                    </span>
                  )}
                </td>
                <td>{each.target}</td>
                <td class="wide">
                  <a class="calm" href={`/exchanges?subject=${encodeURIComponent(each.subject)}`}>
                    <Subject id={each.subject} behalf={each.on_behalf_of} />
                  </a>
                </td>
                <td class="wide">
                  {each.rule === null ? null : (
                    <a class="rule" href={`/exchanges?rule=${encodeURIComponent(each.rule)}`}>
                      {each.rule}
                    </a>
                  )}
                </td>
                <td class="right wide quiet">{countText(each.rows)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="card-body row">
        <span class="quiet small number">{countText(exchanges.length)} on this page</span>
        <span class="end row">
          <ExportList name="exchanges" columns={columns} lines={exchanges} />
        </span>
      </div>
    </section>
  )
}
