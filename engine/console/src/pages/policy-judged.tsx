import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { compiled } from '../api/compiled.ts'
import type { JudgedAgain as Answer, Verdict } from '../api/policy-answers.ts'
import type { Finding } from '../api/shapes.ts'
import { filter, place } from '../location.ts'
import { messageOf } from '../views/resource.tsx'
import { Effect, Exact } from '../views/texts.tsx'

export interface JudgedAgainProps {
  readonly files: Readonly<Record<string, string>>
  readonly found: (findings: readonly Finding[]) => void
}

const linkPattern = /(ses_[0-9A-Z]{26})#(exc_[0-9A-Z]{26})/

/** One recorded request, judged by these files: the one in the address, or whose link is put in. */
export function JudgedAgain({ files, found }: JudgedAgainProps): JSX.Element {
  const { session = '', exchange = '' } = place.value.query
  const [link, setLink] = useState(session === '' ? '' : `${session}#${exchange}`)
  const [told, tell] = useState('')
  const [actions, setActions] = useState<Answer['actions']>([])
  const judge = async (): Promise<void> => {
    const [, of = '', wanted = ''] = linkPattern.exec(link) ?? []
    if (of === '') return tell('Put in the link of a request, as its time has in a session.')
    filter({ session: of, exchange: wanted }, 'replace')
    tell('Compiling …')
    try {
      const body = { files, session: of, exchange: wanted }
      const answer = await compiled<Answer>('/v1/policies/evaluate', body)
      found(answer.findings)
      setActions(answer.actions ?? [])
      tell(answer.ok ? '' : 'They do not compile.')
    } catch (error) {
      tell(messageOf(error))
    }
  }
  return (
    <div class="stack-s what-if">
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault()
          void judge()
        }}
      >
        <h3>On one recorded request</h3>
        <input
          class="input mono small"
          aria-label="Link of a request"
          placeholder="…/sessions/ses_…#exc_…"
          size={28}
          value={link}
          onInput={(event) => setLink(event.currentTarget.value)}
        />
        <button class="button small" type="submit">
          Judge it
        </button>
        <span class="quiet small" role="status">
          {told}
        </span>
      </form>
      {(actions ?? []).map(({ action, recorded, now, fault }) => (
        <div class="row small">
          <b class="mono">{action}</b>
          <Said verdict={recorded} /> <span class="quiet">then, by these files</span> <Said verdict={now} />
          {fault === null ? null : (
            <span class="denied">
              They failed on it: <Exact text={fault} />
            </span>
          )}
        </div>
      ))}
    </div>
  )
}

function Said({ verdict: { effect, reasons } }: { readonly verdict: Verdict }): JSX.Element {
  return (
    <span>
      <Effect effect={effect} /> <span class="rule">{reasons.map(({ rule }) => rule).join(', ')}</span>
    </span>
  )
}
