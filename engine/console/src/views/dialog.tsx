import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { FormDialog, useSending } from './form-dialog.tsx'

export interface AskProps {
  readonly title: string
  readonly children: ComponentChildren
  /** What is done, on the button that does it. */
  readonly verb: string
  readonly dangerous?: boolean
  /** `none`: the API takes none. */
  readonly reason?: 'none' | 'optional' | 'needed'
  readonly act: (reason: string) => Promise<void>
  readonly close: () => void
}

const reasonCharsMax = 500

/** Asks for a reason before something is done. */
export function Ask({
  title,
  children,
  verb,
  dangerous = false,
  reason: asked = 'optional',
  act,
  close,
}: AskProps): JSX.Element {
  const [reason, setReason] = useState('')
  const isReady = asked !== 'needed' || reason.trim() !== ''
  const sending = useSending(async () => {
    await act(reason.trim())
    close()
  })
  const submit = (): void => {
    if (isReady) sending.send()
  }
  return (
    <FormDialog
      title={title}
      verb={
        <>
          {verb} <kbd>↵</kbd>
        </>
      }
      dangerous={dangerous}
      isReady={isReady}
      sending={{ ...sending, send: submit }}
      close={close}
    >
      <div class="quiet">{children}</div>
      {asked === 'none' ? null : (
        <label class="field">
          Reason{asked === 'needed' ? '' : ' (optional)'}
          <textarea
            class="input"
            rows={2}
            maxLength={reasonCharsMax}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.shiftKey) return
              event.preventDefault()
              submit()
            }}
            autofocus
          />
        </label>
      )}
    </FormDialog>
  )
}
