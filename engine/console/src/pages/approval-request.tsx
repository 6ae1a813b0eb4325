import type { JSX } from 'preact'
import { countText } from '../amount-text.ts'
import type { ApprovalAction, Json } from '../api/shapes.ts'
import { Marked } from '../views/texts.tsx'

/** Values that come beside the text, as `$1`. */
export function Parameters({ values }: { readonly values: readonly Json[] }): JSX.Element | null {
  if (values.length === 0) return null
  return (
    <div class="scroll">
      <table class="list parameters">
        <thead>
          <tr>
            <th>Parameter</th>
            <th>Value</th>
          </tr>
        </thead>
        <tbody>
          {values.map((value, index) => (
            <tr>
              <td class="mono">${index + 1}</td>
              <td class="mono">
                <Value of={value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Value({ of }: { readonly of: Json }): JSX.Element {
  if (of === null) return <i class="mark">null</i>
  if (typeof of === 'string') return of === '' ? <i class="mark">empty</i> : <Marked text={of} />
  if (typeof of !== 'object') return <>{String(of)}</>
  if ('masked' in of && 'tag' in of)
    return (
      <>
        <Marked text={String(of['masked'])} /> <i class="mark">masked {String(of['tag'])}</i>
      </>
    )
  return <Marked text={JSON.stringify(of)} />
}

interface ActionsProps {
  readonly actions: readonly ApprovalAction[]
  readonly estimates: { readonly [relation: string]: number | null }
}

/** What the gateway understood of it: what is judged is this, and not the text. */
export function Actions({ actions, estimates }: ActionsProps): JSX.Element {
  return (
    <div class="understood">
      <h3>What Sluice understood</h3>
      <ul>
        {actions.map((action) => (
          <li>
            <b class="mono">{action.name}</b>
            {action.has_where === false ? <span class="badge deny">without WHERE: every row</span> : null}
            {action.has_where === true ? <span class="badge bare">with WHERE</span> : null}
            {action.functions.length === 0 ? null : (
              <span class="quiet">calls {action.functions.join(', ')}</span>
            )}
            <ul class="relations">
              {action.relations.map(({ schema, name, access, columns }) => (
                <li>
                  <span class={access === 'read' ? 'badge bare' : 'badge bare hold'}>{access}</span>
                  <span class="mono">
                    {schema}.{name}
                  </span>
                  {columns.length === 0 ? null : <span class="quiet mono">({columns.join(', ')})</span>}
                  <Estimate rows={estimates[`${schema}.${name}`]} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Estimate({ rows }: { readonly rows: number | null | undefined }): JSX.Element | null {
  if (rows === undefined) return null
  return (
    <span class="quiet small number">
      {rows === null ? 'size not known' : `about ${countText(rows)} rows in all`}
    </span>
  )
}
