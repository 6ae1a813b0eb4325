import type { JSX } from 'preact'
import { get } from '../api/client.ts'
import type { FoundPage } from '../api/shapes.ts'
import { now } from '../clock.ts'
import { filter, place } from '../location.ts'
import { sinceMs } from '../query.ts'
import { is } from '../who.ts'
import { Empty } from '../views/empty.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { FilterBar, useTargetChoice, type Choice } from './filter-bar.tsx'
import { FoundExchanges } from './found-exchanges.tsx'

const pageSize = 50

const periods: Choice = {
  name: 'since',
  label: 'Since',
  options: [
    ['', 'Any time'],
    ['15m', 'Last 15 minutes'],
    ['24h', 'Last day'],
    ['7d', 'Last week'],
    ['30d', 'Last 30 days'],
  ],
}

const effects: Choice = {
  name: 'effect',
  label: 'Decision',
  options: [
    ['', 'All decisions'],
    ['allow', 'Allowed'],
    ['deny', 'Denied'],
    ['hold', 'Held'],
  ],
}

const depths: Choice = {
  name: 'content',
  label: 'Where to search',
  options: [
    ['', 'In what was decided'],
    ['true', 'In content as well (recorded)'],
  ],
}

/** Everything that was asked, at all targets, page by page. */
export function Exchanges(): JSX.Element {
  const { query } = place.value
  const { since, content, before, text, subject, target, run, rule, table, action, effect } = query
  const targets = useTargetChoice()
  const wanted = { subject, target, run, rule, table, action, effect, text, before }
  const asked = JSON.stringify(query)
  const page = useResource(
    async (signal) => ({
      asked,
      ...(await get<FoundPage>(
        '/v1/exchanges',
        {
          ...wanted,
          since_ms: sinceMs(since, now()),
          content: content === 'true' && text !== undefined ? true : undefined,
          last: pageSize,
        },
        signal,
      )),
    }),
    [asked],
  )
  return (
    <>
      <div class="head">
        <h1>Exchanges</h1>
      </div>
      <FilterBar
        placeholder="Search actions, tables, rules, reasons"
        choices={[targets, effects, periods, ...(is('auditor') ? [depths] : [])]}
      />
      <Shown of={page}>
        {({ asked: answered, exchanges, next }) => (
          <div class="answer" aria-busy={answered !== asked}>
            {exchanges.length === 0 ? (
              <section class="card">
                <Empty icon="exchanges" title="Nothing found" command="npm run example">
                  {Object.keys(query).length > 0
                    ? 'Take a filter away, or look further back.'
                    : 'Every statement, HTTP request and command is found here, with who asked and what was decided.'}
                </Empty>
              </section>
            ) : (
              <>
                <FoundExchanges exchanges={exchanges} />
                <div class="more row">
                  {before === undefined ? null : (
                    <button class="button small" type="button" onClick={() => filter({ before: undefined })}>
                      Newest
                    </button>
                  )}
                  {next === null ? null : (
                    <button class="button small" type="button" onClick={() => filter({ before: next })}>
                      Older ones
                    </button>
                  )}
                </div>
              </>
            )}
          </div>
        )}
      </Shown>
    </>
  )
}
