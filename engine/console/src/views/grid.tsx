import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { countText } from '../amount-text.ts'
import type { Json } from '../api/shapes.ts'
import { Export } from './export.tsx'
import { Icon } from './icon.tsx'
import { Exact } from './texts.tsx'

export interface GridProps {
  readonly columns: readonly string[] | null
  readonly rows: readonly (readonly Json[])[]
  readonly masked: ReadonlySet<string>
  readonly name: string
}

const rowsAtFirst = 20
const rowsMore = 200
const cellCharsMax = 300

/** Rows as their caller saw them. */
export function Grid({ columns, rows, masked, name }: GridProps): JSX.Element {
  const [most, setMost] = useState(rowsAtFirst)
  const width = Math.max(columns?.length ?? 0, rows[0]?.length ?? 0)
  const header = Array.from({ length: width }, (_, index) => columns?.[index] ?? `column ${index + 1}`)
  return (
    <div class="grid">
      <div class="scroll" tabIndex={0} role="region" aria-label="Rows">
        <table class="list">
          <thead>
            <tr>
              {header.map((column) => (
                <th class={masked.has(column) ? 'masked' : ''}>
                  <Exact text={column} />
                  {masked.has(column) ? (
                    <span class="masked-sign" title="masked">
                      <Icon name="lock" />
                    </span>
                  ) : null}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, most).map((row) => (
              <tr>
                {row.map((value, index) => (
                  <td class={masked.has(header[index] ?? '') ? 'mono masked' : 'mono'}>
                    <Cell value={value} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="row grid-foot">
        <span class="quiet small number">
          {countText(Math.min(most, rows.length))} of {countText(rows.length)} rows
        </span>
        {rows.length > most ? (
          <button class="plain small" type="button" onClick={() => setMost(most + rowsMore)}>
            Show more
          </button>
        ) : null}
        <span class="end row">
          <Export name={name} header={header} rows={() => rows} />
        </span>
      </div>
    </div>
  )
}

function Cell({ value }: { readonly value: Json }): JSX.Element {
  if (value === null) return <i class="mark">null</i>
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (text.length <= cellCharsMax) return <Exact text={text} />
  return (
    <details>
      <summary>
        <Exact text={text.slice(0, cellCharsMax)} />…{' '}
        <span class="quiet">{countText(text.length)} characters</span>
      </summary>
      <Exact text={text.slice(cellCharsMax)} />
    </details>
  )
}
