import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { get, send } from '../api/client.ts'
import type { Grant, OperatedTarget } from '../api/operations.ts'
import { ChoiceField, Field } from '../views/field.tsx'
import { FormDialog, useSending } from '../views/form-dialog.tsx'
import { useResource } from '../views/resource.tsx'
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
  const targets = useResource((signal) => get<readonly OperatedTarget[]>('/v1/targets', {}, signal), [])
  const [target, setTarget] = useState('')
  const [role, setRole] = useState('reader')
  const [life, setLife] = useState<string>(lives[1][0])
  const [reason, setReason] = useState('')
  const names = targets.kind === 'there' ? targets.value.map(({ name }) => name) : []
  const chosen = target === '' ? (names[0] ?? '') : target
  const sending = useSending(async () => {
    await send<Grant>('POST', '/v1/grants', { target: chosen, role, life_ms: Number(life), reason })
    say('It is asked for: whoever may give it sees it now.')
    done()
    close()
  })
  return (
    <FormDialog
      title="Ask for access"
      verb="Ask"
      isReady={reason.trim() !== '' && role.trim() !== ''}
      sending={sending}
      close={close}
    >
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
    </FormDialog>
  )
}
