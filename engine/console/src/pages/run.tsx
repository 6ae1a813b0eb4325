import type { JSX } from 'preact'
import { counted, countText } from '../amount-text.ts'
import { get } from '../api/client.ts'
import type { FoundExchange, FoundPage } from '../api/shapes.ts'
import { exchangePath } from '../location.ts'
import { meaningOf } from '../meaning.ts'
import { latencyText } from '../time-text.ts'
import { Empty } from '../views/empty.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Effect, Exact, Subject, Time } from '../views/texts.tsx'

const pageSize = 500
const pagesMax = 4

/** All that one LangChain run asked, over all its sessions and protocols, on one line of time. */
export function Run({ id }: { readonly id: string }): JSX.Element {
  const exchanges = useResource((signal) => wholeRun(id, signal), [id])
  return (
    <>
      <div class="head">
        <h1>
          Run <Exact text={id} />
        </h1>
        <p>
          A run is what a client says of itself, across connections and protocols. Nobody has verified it.
        </p>
      </div>
      <Shown of={exchanges}>
        {(found) =>
          found.length === 0 ? (
            <section class="card">
              <Empty icon="runs" title="Nothing of this run is known to you">
                A client names its run with <code>application_name</code>, a trailing SQL comment, or the
                headers <code>traceparent</code> and <code>X-Sluice-Run-Id</code>.
              </Empty>
            </section>
          ) : (
            <Timeline exchanges={found} />
          )
        }
      </Shown>
    </>
  )
}

/** Oldest first. */
async function wholeRun(run: string, signal: AbortSignal): Promise<readonly FoundExchange[]> {
  const found: FoundExchange[] = []
  let before: string | null | undefined
  for (let pages = 0; pages < pagesMax && before !== null; pages++) {
    const page: FoundPage = await get(
      '/v1/exchanges',
      { run, last: pageSize, before: before ?? undefined },
      signal,
    )
    found.push(...page.exchanges)
    before = page.next
  }
  return found.toReversed()
}

function Timeline({ exchanges }: { readonly exchanges: readonly FoundExchange[] }): JSX.Element {
  const [begun, ended] = [Date.parse(exchanges[0]?.at ?? ''), Date.parse(exchanges.at(-1)?.at ?? '')]
  const span = Math.max(1, ended - begun)
  const lanes = [...new Map(exchanges.map((each) => [each.session, each])).values()]
  const denied = exchanges.filter(({ effect }) => effect === 'deny').length
  return (
    <div class="stack">
      <p class="quiet">
        {counted(exchanges.length, 'request')} in {counted(lanes.length, 'session')} over {latencyText(span)},{' '}
        {countText(denied)} denied
      </p>
      <section class="card" aria-label="Timeline">
        <div class="card-body lanes">
          {lanes.map((lane) => (
            <div class="lane" key={lane.session}>
              <a href={`/sessions/${lane.session}`}>{lane.target}</a>
              <div class="lane-line">
                {exchanges
                  .filter(({ session }) => session === lane.session)
                  .map((each) => (
                    <a
                      key={each.exchange}
                      class={`tick ${meaningOf(each)}`}
                      style={{ left: `${(100 * (Date.parse(each.at) - begun)) / span}%` }}
                      href={`#${each.exchange}`}
                      title={each.summary}
                      aria-label={each.summary}
                    />
                  ))}
              </div>
            </div>
          ))}
        </div>
      </section>
      <section class="card" aria-label="Requests of the run">
        <ol class="steps">
          {exchanges.map((each) => (
            <li key={each.exchange} id={each.exchange}>
              <span class="quiet small">
                <Time at={each.at} />
              </span>
              <span class="badge bare">{each.target}</span>
              <a class="mono calm" href={exchangePath(each)}>
                <Exact text={each.summary} />
              </a>
              <span class="quiet wide">
                <Subject id={each.subject} />
              </span>
              <span class="end row">
                {each.rows > 0 ? <span class="quiet small number">{counted(each.rows, 'row')}</span> : null}
                <Effect effect={each.effect} masked={each.masked} />
              </span>
            </li>
          ))}
        </ol>
      </section>
    </div>
  )
}
