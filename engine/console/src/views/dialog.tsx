import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from './resource.tsx'

export interface AskProps {
  readonly title: string
  readonly children: ComponentChildren
  /** What is done, on the button that does it. */
  readonly verb: string
  readonly dangerous?: boolean
  /** `none`: the API takes none. */
  readonly reason?: 'none' | 'optional' | 'needed'
  readonly needsReason?: boolean
  readonly act: (reason: string) => Promise<void>
  readonly close: () => void
}

const reasonCharsMax = 500

/** Asks for a reason before something is done. Enter does it; Escape leaves everything as it is. */
export function Ask({
  title,
  children,
  verb,
  dangerous = false,
  needsReason = false,
  reason: asked = needsReason ? 'needed' : 'optional',
  act,
  close,
}: AskProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState('')
  useEffect(() => dialog.current?.showModal(), [])
  const submit = async (): Promise<void> => {
    if (busy || (asked === 'needed' && reason.trim() === '')) return
    setBusy(true)
    try {
      await act(reason.trim())
      close()
    } catch (error) {
      setWrong(messageOf(error))
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="ask-title">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <h2 id="ask-title">{title}</h2>
        <div class="stack-s">
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
                  void submit()
                }}
                autofocus
              />
            </label>
          )}
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
            class={dangerous ? 'button danger' : 'button main'}
            type="submit"
            disabled={busy || (asked === 'needed' && reason.trim() === '')}
          >
            {verb} <kbd>↵</kbd>
          </button>
        </div>
      </form>
    </dialog>
  )
}
