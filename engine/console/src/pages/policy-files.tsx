import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { counted } from '../amount-text.ts'
import { get } from '../api/client.ts'
import { compiled } from '../api/compiled.ts'
import type { FileCoverage } from '../api/policy-answers.ts'
import type { Finding, PolicyTests } from '../api/shapes.ts'
import type { Language } from '../syntax/language.ts'
import { is } from '../who.ts'
import { Copy } from '../views/copy.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Source } from '../views/source.tsx'
import { Badge, Exact } from '../views/texts.tsx'
import { PolicyTrials } from './policy-trials.tsx'

type Files = Readonly<Record<string, string>>

/** The files of a revision: read, changed, checked, tried on what was recorded, and put in force. */
export function PolicyFiles({
  revision,
  done,
}: {
  readonly revision: string
  readonly done: () => void
}): JSX.Element {
  const found = useResource(
    (signal) => get<{ readonly files: Files }>(`/v1/policies/${revision}/files`, {}, signal),
    [revision],
  )
  return (
    <section class="card" aria-label="Files">
      <Shown of={found}>{({ files }) => <Draft key={revision} inForce={files} done={done} />}</Shown>
    </section>
  )
}

function Draft({ inForce, done }: { readonly inForce: Files; readonly done: () => void }): JSX.Element {
  const [files, setFiles] = useState(inForce)
  const names = Object.keys(files).toSorted()
  const [name, choose] = useState(names.find((each) => each.endsWith('.rego')) ?? names[0] ?? '')
  const [findings, setFindings] = useState<readonly Finding[]>([])
  const [coverage, setCoverage] = useState<readonly FileCoverage[]>([])
  const [editing, edit] = useState(false)
  const text = files[name] ?? ''
  const changed = names.filter((each) => files[each] !== inForce[each])
  const change = (next: string): void => {
    setFiles({ ...files, [name]: next })
    // What was found in another text is no longer so.
    setCoverage([])
  }
  useChecked(files, changed.length > 0, setFindings)
  return (
    <>
      <header>
        <h2>Files</h2>
        {changed.length === 0 ? null : (
          <Badge meaning="hold">{counted(changed.length, 'file')} changed, not in force</Badge>
        )}
      </header>
      <div class="card-body policy">
        <ul class="policy-names" aria-label="Files of the policies">
          {names.map((each) => (
            <li key={each}>
              <button
                class="plain mono"
                type="button"
                aria-pressed={each === name}
                onClick={() => choose(each)}
              >
                {each}
                {changed.includes(each) ? ' •' : ''}
                {findings.some(({ file }) => file === each) ? ' !' : ''}
              </button>
            </li>
          ))}
        </ul>
        <div class="stack-s policy-text">
          <Source
            key={name}
            name={name}
            text={text}
            language={languageOf(name)}
            findings={findings.filter(({ file }) => file === name)}
            coverage={coverage.find(({ file }) => file === name)}
            change={editing ? change : undefined}
          />
          <div class="row">
            {is('admin') ? (
              <button
                class="button small"
                type="button"
                aria-pressed={editing}
                onClick={() => edit(!editing)}
              >
                {editing ? 'Read' : 'Edit'}
              </button>
            ) : null}
            <Copy text={text} label={`Copy ${name}`} />
            {coverage.length > 0 ? <Legend of={coverage.find(({ file }) => file === name)} /> : null}
          </div>
          <Findings findings={findings} choose={choose} />
          {is('admin') ? (
            <PolicyTrials
              files={files}
              changed={changed.length > 0}
              found={setFindings}
              covered={setCoverage}
              done={done}
              revert={() => setFiles(inForce)}
            />
          ) : null}
        </div>
      </div>
    </>
  )
}

function Findings({
  findings,
  choose,
}: {
  readonly findings: readonly Finding[]
  readonly choose: (file: string) => void
}): JSX.Element | null {
  if (findings.length === 0) return null
  return (
    <ul class="note deny" role="alert">
      {findings.map(({ file, row, col, message }) => (
        <li key={`${file} ${row} ${col} ${message}`}>
          <button class="plain mono" type="button" onClick={() => choose(file)}>
            {file}:{row}:{col}
          </button>{' '}
          <Exact text={message} />
        </li>
      ))}
    </ul>
  )
}

function languageOf(name: string): Language {
  return name.endsWith('.rego') ? 'rego' : name.endsWith('.json') ? 'json' : 'plain'
}

function Legend({ of }: { readonly of: FileCoverage | undefined }): JSX.Element {
  if (of === undefined) return <span class="quiet small">No rule of this file can be covered.</span>
  return (
    <span class="row small quiet">
      <span class="number">{of.percent.toFixed(0)} % of this file:</span>
      <span class="legend-line">a test came here</span>
      <span class="legend-line missed">no test did</span>
    </span>
  )
}

/** So long nobody has typed anything. */
const restMs = 800

/** What is changed is compiled whenever its author rests. */
function useChecked(files: Files, changed: boolean, found: (findings: readonly Finding[]) => void): void {
  useEffect(() => {
    if (!changed || !is('admin')) return undefined
    let here = true
    const timer = setTimeout(() => {
      compiled<PolicyTests>('/v1/policies/check', { files }).then(
        ({ findings }) => here && found(findings),
        // Somebody else compiles: the button asks again, and says so.
        () => {},
      )
    }, restMs)
    return () => {
      here = false
      clearTimeout(timer)
    }
  }, [files, changed])
}
