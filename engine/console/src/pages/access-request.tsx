import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { get, send } from '../api/client.ts'
import type { Grant, OperatedTarget } from '../api/operations.ts'
import { ChoiceField, Field } from '../views/field.tsx'
import { messageOf, useResource } from '../views/resource.tsx'
import { say } from '../views/toast.tsx'

const lives = [
  ['900000', '15 minutes'],
  ['1800000', '30 minutes'],
  ['3600000', 'an hour'],
  ['14400000', '4 hours'],
  ['28800000', '8 hours'],
] as const

/** Asks for a role on a target for a while. */
export function AskForAccess({
  done,
  close,
}: {
  readonly done: () => void
  readonly close: () => void
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const targets = useResource((signal) => get<readonly OperatedTarget[]>('/v1/targets', {}, signal), [])
  const [target, setTarget] = useState('')
  const [role, setRole] = useState('reader')
  const [life, setLife] = useState<string>(lives[1][0])
  const [reason, setReason] = useState('')
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])
  const names = targets.kind === 'there' ? targets.value.map(({ name }) => name) : []
  const chosen = target === '' ? (names[0] ?? '') : target
  const ask = async (): Promise<void> => {
    if (busy) return
    setBusy(true)
    try {
      await send<Grant>('POST', '/v1/grants', { target: chosen, role, life_ms: Number(life), reason })
      say('It is asked for: whoever may give it sees it now.')
      done()
      dialog.current?.close()
    } catch (error) {
      setWrong(messageOf(error))
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="access-title">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void ask()
        }}
      >
        <h2 id="access-title">Ask for access</h2>
        <div class="stack-s">
          <ChoiceField
            label="Target"
            value={chosen}
            options={names.map((name) => [name, name] as const)}
            choose={setTarget}
          />
          <Field label="Role" hint="What policies call it, e.g. reader or pii_reader.">
            {(of) => (
              <input
                {...of}
                class="input"
                value={role}
                autocomplete="off"
                spellcheck={false}
                onInput={(event) => setRole(event.currentTarget.value)}
              />
            )}
          </Field>
          <ChoiceField label="For" value={life} options={lives} choose={setLife} />
          <Field label="Reason" hint="Whoever decides reads it, and it is in the record.">
            {(of) => (
              <textarea
                {...of}
                class="input"
                rows={2}
                maxLength={500}
                value={reason}
                onInput={(event) => setReason(event.currentTarget.value)}
              />
            )}
          </Field>
          {wrong === '' ? null : (
            <p class="note deny" role="alert">
              {wrong}
            </p>
          )}
        </div>
        <div class="row">
          <button class="button" type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button
            class="button main"
            type="submit"
            disabled={busy || reason.trim() === '' || role.trim() === ''}
          >
            Ask
          </button>
        </div>
      </form>
    </dialog>
  )
}
