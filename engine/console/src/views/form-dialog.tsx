import type { ComponentChildren, JSX } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from './resource.tsx'

/** A form on its way: once at a time, and what went wrong is told until it is sent again. */
export interface Sending {
  readonly busy: boolean
  /** Empty: nothing went wrong. */
  readonly wrong: string
  readonly send: () => void
}

/** `act` rejects with what is told of it. */
export function useSending(act: () => Promise<void>): Sending {
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState('')
  const send = async (): Promise<void> => {
    if (busy) return
    setBusy(true)
    setWrong('')
    try {
      await act()
    } catch (error) {
      setWrong(messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  return { busy, wrong, send: () => void send() }
}

export interface FormDialogProps {
  readonly title: string
  /** What is done, on the button that does it. */
  readonly verb: ComponentChildren
  readonly dangerous?: boolean
  readonly wide?: boolean
  /** There is enough in it to be sent. */
  readonly isReady: boolean
  readonly sending: Sending
  /** A field tells what is wrong: the form need not. */
  readonly isTold?: boolean
  readonly children: ComponentChildren
  readonly close: () => void
}

/** Asks for something before it is done. Enter does it; Escape leaves everything as it is. */
export function FormDialog(props: FormDialogProps): JSX.Element {
  const { title, verb, dangerous = false, wide = false, isReady, isTold = false, children, close } = props
  const { busy, wrong, send } = props.sending
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  // At once: what is typed next is for it.
  useLayoutEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class={wide ? 'wide-dialog' : ''} onClose={close} aria-labelledby={id}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        <h2 id={id}>{title}</h2>
        <div class="stack-s">
          {children}
          {wrong === '' || isTold ? null : (
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
            disabled={busy || !isReady}
          >
            {verb}
          </button>
        </div>
      </form>
    </dialog>
  )
}
