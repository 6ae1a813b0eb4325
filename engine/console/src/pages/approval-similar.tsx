import type { JSX } from 'preact'
import { get } from '../api/client.ts'
import type { ApprovalLine, ApprovalPage } from '../api/shapes.ts'
import { diffOf, likeness } from '../diff.ts'
import { marked } from '../printable.ts'
import { useResource } from '../views/resource.tsx'
import { Ago, Segments, State } from '../views/texts.tsx'

const lookedAtMax = 100
const shownMax = 3
/** Less in common is no likeness. */
const alikeFrom = 0.55
const comparedCharsMax = 20_000

interface Alike {
  readonly line: ApprovalLine
  readonly likeness: number
}

/** What the same caller asked for before on the same target, and where this differs. */
export function Similar({ approval }: { readonly approval: ApprovalPage }): JSX.Element | null {
  const { subject, target, id, statement } = approval
  const past = useResource(
    (signal) =>
      get<readonly ApprovalLine[]>(
        '/v1/approvals',
        { state: 'all', subject, target, last: lookedAtMax, before: id },
        signal,
      ),
    [id],
  )
  if (past.kind !== 'there' || statement === null) return null
  const alike = past.value
    .flatMap((line) => likenessOf(line, approval))
    .toSorted((a, b) => b.likeness - a.likeness)
    .slice(0, shownMax)
  if (alike.length === 0)
    return <p class="note">This caller has asked for nothing like it on {target} before.</p>
  return (
    <details class="similar">
      <summary>
        <h3>Similar before</h3>
        <span class="quiet small">
          {alike[0]?.likeness === 1 ? 'exactly this was asked before' : `${alike.length} much like it`}
        </span>
      </summary>
      <ul class="stack-s">
        {alike.map(({ line }) => (
          <li class="stack-s">
            <div class="row small">
              <State state={line.state} />
              <a href={`/approvals/${line.id}?state=all`}>{line.action}</a>
            </div>
            <Difference before={line.statement ?? ''} after={statement} />
          </li>
        ))}
      </ul>
      {approval.before.length === 0 ? null : (
        <p class="small quiet">
          The very same request:{' '}
          {approval.before.map(({ id: other, state, at }) => (
            <span key={other}>
              <a href={`/approvals/${other}?state=all`}>{state}</a> <Ago at={at} />{' '}
            </span>
          ))}
        </p>
      )}
    </details>
  )
}

function likenessOf(line: ApprovalLine, { action, statement }: ApprovalPage): readonly Alike[] {
  if (line.action !== action || line.statement === null || statement === null) return []
  const compared = likeness(line.statement.slice(0, comparedCharsMax), statement.slice(0, comparedCharsMax))
  return compared >= alikeFrom ? [{ line, likeness: compared }] : []
}

function Difference({ before, after }: { readonly before: string; readonly after: string }): JSX.Element {
  return (
    <div class="code">
      <pre tabIndex={0}>
        {diffOf(before.slice(0, comparedCharsMax), after.slice(0, comparedCharsMax)).map(({ kind, text }) =>
          kind === 'same' ? (
            <Segments of={marked(text)} />
          ) : kind === 'gone' ? (
            <del class="gone">
              <Segments of={marked(text)} />
            </del>
          ) : (
            <ins class="added">
              <Segments of={marked(text)} />
            </ins>
          ),
        )}
      </pre>
    </div>
  )
}
