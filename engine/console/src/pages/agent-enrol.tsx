import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { send } from '../api/client.ts'
import type { Agent } from '../api/operations.ts'
import { Code } from '../views/code.tsx'
import { ChoiceField, Field } from '../views/field.tsx'
import { FormDialog, useSending } from '../views/form-dialog.tsx'
import { Countdown } from '../views/texts.tsx'

interface Invited {
  readonly agent: Agent
  readonly token: string
}

const lives = [
  ['3600', 'an hour'],
  ['86400', 'a day'],
  ['604800', 'a week'],
] as const

/** Lets one agent enrol. Its token is shown once, and is nowhere else. */
export function Enrol({
  done,
  close,
}: {
  readonly done: () => void
  readonly close: () => void
}): JSX.Element {
  const [name, setName] = useState('')
  const [life, setLife] = useState<string>(lives[0][0])
  const [invited, setInvited] = useState<Invited | null>(null)
  const sending = useSending(async () => {
    setInvited(await send<Invited>('POST', '/v1/agents', { name: name.trim(), life_s: Number(life) }))
    done()
  })
  if (invited !== null) return <Token of={invited} close={close} />
  const { wrong } = sending
  return (
    <FormDialog
      title="Enrol an agent"
      verb="Make a token"
      wide
      isReady={name.trim() !== ''}
      sending={sending}
      isTold
      close={close}
    >
      <Field
        label="Name"
        wrong={/pattern/.test(wrong) ? namesAre : wrong}
        hint="Targets name it with via. Several agents may have the same name: they share the work."
      >
        {(of) => (
          <input
            {...of}
            class="input"
            value={name}
            autofocus
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <ChoiceField label="Its token is good for" value={life} options={lives} choose={setLife} />
    </FormDialog>
  )
}

const namesAre = 'A name is lower-case letters, digits, _ and -, at most 63.'

/** It is shown until who asked says that they have it. */
function Token({ of: invited, close }: { readonly of: Invited; readonly close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class="wide-dialog" onClose={close} aria-labelledby="enrol-title">
      <div>
        <h2 id="enrol-title">The token of {invited.agent.name}</h2>
        <div class="stack-s">
          <p class="note hold">
            It is shown this once, and good for one agent, for <Countdown until={invited.agent.expires_at} />.
            The gateway keeps its fingerprint alone.
          </p>
          <div class="token">
            <Code text={invited.token} language="plain" whole />
          </div>
          <p class="quiet">
            Where the targets are, with that token in the file <code>token</code>:
          </p>
          <Code
            text={`npx sluice agent --gateway ${location.hostname}:7444 \\\n  --allow db.internal:5432 --token-file token`}
            language="shell"
            whole
          />
          <p class="quiet small">
            --allow names each address that the gateway may reach through it. The port is that of
            listen.agents.
          </p>
        </div>
        <div class="row">
          <button class="button main" type="button" onClick={() => dialog.current?.close()}>
            I have it
          </button>
        </div>
      </div>
    </dialog>
  )
}
