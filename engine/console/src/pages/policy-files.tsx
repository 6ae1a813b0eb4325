import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { counted } from '../amount-text.ts'
import { get, send } from '../api/client.ts'
import type { Finding, PolicyTests } from '../api/shapes.ts'
import { exact } from '../printable.ts'
import { is } from '../who.ts'
import { Code } from '../views/code.tsx'
import { Ask } from '../views/dialog.tsx'
import { messageOf, Shown, useResource } from '../views/resource.tsx'
import { Badge, Exact } from '../views/texts.tsx'
import { say } from '../views/toast.tsx'
import { WhatIf } from './policy-what-if.tsx'

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
  const text = files[name] ?? ''
  const changed = names.filter((each) => files[each] !== inForce[each])
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
          <Editor
            key={name}
            name={name}
            text={text}
            change={(next) => setFiles({ ...files, [name]: next })}
          />
          <Findings findings={findings} choose={choose} />
          {is('admin') ? (
            <Trials
              files={files}
              changed={changed.length > 0}
              found={setFindings}
              done={done}
              revert={() => setFiles(inForce)}
            />
          ) : null}
        </div>
      </div>
    </>
  )
}

interface EditorProps {
  readonly name: string
  readonly text: string
  readonly change: (text: string) => void
}

function Editor({ name, text, change }: EditorProps): JSX.Element {
  const [editing, edit] = useState(false)
  const language = name.endsWith('.rego') ? 'rego' : name.endsWith('.json') ? 'json' : 'plain'
  return (
    <>
      {editing ? (
        <textarea
          class="input mono policy-editor"
          aria-label={name}
          spellcheck={false}
          rows={Math.min(32, text.split('\n').length + 1)}
          value={text}
          onInput={(event) => change(event.currentTarget.value)}
        />
      ) : (
        <Code text={exact(text)} language={language} copied={text} />
      )}
      {is('admin') ? (
        <button
          class="plain small as-sent"
          type="button"
          aria-pressed={editing}
          onClick={() => edit(!editing)}
        >
          {editing ? 'Show it in colours' : 'Edit'}
        </button>
      ) : null}
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

interface TrialsProps {
  readonly files: Files
  readonly changed: boolean
  readonly found: (findings: readonly Finding[]) => void
  readonly done: () => void
  readonly revert: () => void
}

/** What can be asked of a draft before it is in force. */
function Trials({ files, changed, found, done, revert }: TrialsProps): JSX.Element {
  const [told, tell] = useState('')
  const [busy, setBusy] = useState(false)
  const [activating, setActivating] = useState(false)
  // What was said of other texts is no longer so.
  useEffect(() => tell(''), [files])
  const ask = async (question: () => Promise<string>): Promise<void> => {
    setBusy(true)
    tell('Compiling …')
    try {
      tell(await question())
    } catch (error) {
      tell(messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  const check = async (): Promise<string> => {
    const { ok, findings } = await send<PolicyTests>('POST', '/v1/policies/check', { files })
    found(findings)
    return ok ? 'They compile.' : `${counted(findings.length, 'mistake')}.`
  }
  const test = async (): Promise<string> => {
    const answer = await send<PolicyTests>('POST', '/v1/policies/test', { files })
    found(answer.findings)
    return answer.ok ? testsText(answer) : `${counted(answer.findings.length, 'mistake')}.`
  }
  const activate = async (reason: string): Promise<void> => {
    await send('POST', '/v1/policies', { files, reason })
    say('They are in force.')
    done()
  }
  return (
    <>
      <div class="row">
        <button class="button" type="button" disabled={busy} onClick={() => void ask(check)}>
          Check
        </button>
        <button class="button" type="button" disabled={busy} onClick={() => void ask(test)}>
          Run tests
        </button>
        {changed ? (
          <>
            <button class="button main" type="button" disabled={busy} onClick={() => setActivating(true)}>
              Put in force
            </button>
            <button class="button" type="button" onClick={revert}>
              Take changes back
            </button>
          </>
        ) : null}
        <span class="quiet small" role="status">
          {told}
        </span>
      </div>
      <WhatIf files={files} found={found} />
      {activating ? (
        <Ask
          title="Put these policies in force?"
          verb="Activate"
          needsReason
          act={activate}
          close={() => setActivating(false)}
        >
          They are checked, tested and built first. Then every request is judged by them, at every gateway.
        </Ask>
      ) : null}
    </>
  )
}

function testsText({ tests = [], cases = [], coverage = [] }: PolicyTests): string {
  const failed = tests
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'errored')
    .map(({ package: of, name }) => `${of}.${name}`)
  const wrong = [...failed, ...cases.filter(({ problems }) => problems.length > 0).map(({ name }) => name)]
  const covered =
    coverage.length === 0 ? 0 : coverage.reduce((sum, { percent }) => sum + percent, 0) / coverage.length
  const ran = `${counted(tests.length, 'test')} and ${counted(cases.length, 'case')}, ${covered.toFixed(0)} % covered`
  return wrong.length === 0
    ? `All pass: ${ran}.`
    : `${counted(wrong.length, 'failure')} of ${ran}: ${wrong.join(', ')}`
}
