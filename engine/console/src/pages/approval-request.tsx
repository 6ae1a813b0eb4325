import type { JSX } from 'preact'
import { countText } from '../amount-text.ts'
import type { ApprovalAction, Json } from '../api/shapes.ts'
import { Exact, Marked } from '../views/texts.tsx'

export interface ParametersProps {
  readonly values: readonly Json[]
  /** Of a recording, where values are as they were; otherwise the gateway has made them visible. */
  readonly exact?: boolean
}

/** Values that come beside the text, as `$1`. */
export function Parameters({ values, exact = false }: ParametersProps): JSX.Element | null {
  if (values.length === 0) return null
  return (
    <div class="scroll" tabIndex={0}>
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
                <Value of={value} text={exact ? Exact : Marked} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface ValueProps {
  readonly of: Json
  readonly text: typeof Marked
}

function Value({ of, text: Text }: ValueProps): JSX.Element {
  if (of === null) return <i class="mark">null</i>
  if (typeof of === 'string') return of === '' ? <i class="mark">empty</i> : <Text text={of} />
  if (typeof of !== 'object') return <>{String(of)}</>
  const { masked, tag } = of as { readonly masked?: Json; readonly tag?: Json }
  if (typeof masked === 'string' && typeof tag === 'string')
    return (
      <>
        <Text text={masked} /> <i class="mark">masked {tag}</i>
      </>
    )
  return <Text text={JSON.stringify(of)} />
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
