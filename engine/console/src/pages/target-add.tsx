import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Problem, send } from '../api/client.ts'
import type { AddedTarget, TargetFinding } from '../api/operations.ts'
import { go } from '../location.ts'
import { emptyTarget, entryOf, entryText, fieldOf, type TargetForm } from '../target-entry.ts'
import { Code } from '../views/code.tsx'
import { Icon } from '../views/icon.tsx'
import { messageOf } from '../views/resource.tsx'
import { say } from '../views/toast.tsx'
import { Findings } from './target-findings.tsx'
import { TargetFields, type Wrong } from './target-fields.tsx'

type Check = 'first' | 'only' | 'no'

/** A target that somebody adds to all gateways of the log; tried before it counts. */
export function AddTarget(): JSX.Element {
  const [form, setForm] = useState(emptyTarget)
  const [wrong, setWrong] = useState<Wrong>({})
  const [said, setSaid] = useState('')
  const [findings, setFindings] = useState<readonly TargetFinding[]>([])
  const [busy, setBusy] = useState<Check | null>(null)
  const change = (part: Partial<TargetForm>): void => setForm({ ...form, ...part })

  const ask = async (check: Check): Promise<void> => {
    if (busy !== null) return
    setBusy(check)
    setWrong({})
    setSaid('')
    setFindings([])
    try {
      const done = await send<AddedTarget>('POST', '/v1/targets', { target: entryOf(form), check })
      setFindings(done.findings)
      if (done.added) {
        say(`${done.name} is served by every gateway of the log.`)
        go(`/targets/${encodeURIComponent(done.name)}`)
      }
    } catch (error) {
      const told = problemOf(error)
      setWrong(told.wrong)
      setSaid(told.said)
      setFindings(told.findings)
    } finally {
      setBusy(null)
    }
  }

  return (
    <>
      <a class="up" href="/targets">
        <Icon name="back" /> Targets
      </a>
      <div class="head">
        <h1>Add a target</h1>
        <p>
          The gateway logs in there first. Then an event of the log registers it, and every gateway of the log
          serves it within moments, and after a restart.
        </p>
      </div>
      <form
        class="add-target"
        onSubmit={(event) => {
          event.preventDefault()
          void ask('first')
        }}
      >
        <section class="card" aria-label="The target">
          <div class="card-body stack">
            <TargetFields form={form} wrong={wrong} change={change} />
            {said === '' ? null : (
              <p class="note deny" role="alert">
                {said}
              </p>
            )}
            <div class="row">
              <button class="button main" type="submit" disabled={busy !== null}>
                {busy === 'first' ? 'Adding …' : 'Test and add'}
              </button>
              <button class="button" type="button" disabled={busy !== null} onClick={() => void ask('only')}>
                {busy === 'only' ? 'Testing …' : 'Test connection'}
              </button>
              {findings.some(({ state }) => state === 'bad') ? (
                <button class="button" type="button" disabled={busy !== null} onClick={() => void ask('no')}>
                  Add it untried
                </button>
              ) : null}
              <a class="button end" href="/targets">
                Cancel
              </a>
            </div>
          </div>
        </section>
        <aside class="stack" aria-label="What comes of it">
          {findings.length === 0 ? null : (
            <section class="card" aria-label="Test" role="status">
              <header>
                <h2>What the gateway found</h2>
              </header>
              <div class="card-body">
                <Findings findings={findings} />
              </div>
            </section>
          )}
          <section class="card" aria-label="As a file">
            <header>
              <h2>The same in a file</h2>
            </header>
            <div class="card-body stack-s">
              <Code text={`targets:\n${indented(entryText(entryOf(form)))}`} language="plain" whole />
              {form.protocol === 'postgres' ? (
                <>
                  <p class="quiet small">A role of the database with no more rights than it needs:</p>
                  <Code text={roleCommand(form)} language="shell" whole />
                </>
              ) : null}
            </div>
          </section>
        </aside>
      </form>
    </>
  )
}

function roleCommand({ user, database }: TargetForm): string {
  const named = (text: string, otherwise: string): string => (/^\w+$/.test(text) ? text : otherwise)
  return `npx sluice targets role ${named(user, 'shop_reader')} --database ${named(database, 'shop')}`
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}

interface Told {
  readonly wrong: Wrong
  readonly said: string
  readonly findings: readonly TargetFinding[]
}

/** What the gateway says is wrong, at the fields that it is about. */
function problemOf(error: unknown): Told {
  const more = error instanceof Problem ? error.more : {}
  const problems = (more['problems'] ?? []) as readonly { readonly at: string; readonly message: string }[]
  const findings = (more['findings'] ?? []) as readonly TargetFinding[]
  const wrong: Partial<Record<keyof TargetForm, string>> = {}
  const others: string[] = []
  for (const { at, message } of problems) {
    const field = fieldOf(at)
    if (field === '') others.push(message)
    else wrong[field] = [wrong[field], message].filter((text) => text !== undefined).join('; ')
  }
  const said = problems.length === 0 ? messageOf(error) : others.join('; ')
  return { wrong, said, findings }
}
