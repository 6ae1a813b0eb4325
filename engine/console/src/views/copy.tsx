import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

const doneMs = 1_500

export function Copy({
  text,
  label = 'Copy',
}: {
  readonly text: string
  readonly label?: string
}): JSX.Element {
  const [done, setDone] = useState(false)
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    setDone(true)
    setTimeout(() => setDone(false), doneMs)
  }
  return (
    <button
      class="plain copy"
      type="button"
      title={label}
      aria-label={done ? 'Copied' : label}
      onClick={() => void copy()}
    >
      <Icon name={done ? 'check' : 'copy'} />
    </button>
  )
}

/** An id by its end, and whole when it is copied. */
export function Id({ id }: { readonly id: string }): JSX.Element {
  return (
    <span class="row id-row">
      <span class="id" title={id}>
        {id.length > 16 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id}
      </span>
      <Copy text={id} label={`Copy ${id}`} />
    </span>
  )
}
