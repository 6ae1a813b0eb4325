import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ticking } from '../ticking.ts'

/** What is asked of the API, in whichever state it is. */
export type Resource<T> =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'wrong'; readonly why: string; readonly again: () => void }
  | { readonly kind: 'there'; readonly value: T; readonly again: () => void }

/** Asked for again when any of what it depends on changes; meanwhile what was there stays. */
export function useResource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  depends: readonly unknown[],
): Resource<T> {
  const [resource, setResource] = useState<Resource<T>>({ kind: 'waiting' })
  const [times, setTimes] = useState(0)
  useEffect(() => {
    const leaving = new AbortController()
    const again = (): void => setTimes((before) => before + 1)
    load(leaving.signal).then(
      (value) => {
        if (!leaving.signal.aborted) setResource({ kind: 'there', value, again })
      },
      (error: unknown) => {
        if (!leaving.signal.aborted) setResource({ kind: 'wrong', why: messageOf(error), again })
      },
    )
    return () => leaving.abort()
  }, [...depends, times])
  return resource
}

/** The same, asked for again every so often while somebody looks. */
export function useLive<T>(
  load: (signal: AbortSignal) => Promise<T>,
  depends: readonly unknown[],
  everyMs: number,
): Resource<T> {
  return useResource(load, [...depends, Math.floor(ticking.value / everyMs)])
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export interface ShownProps<T> {
  readonly of: Resource<T>
  readonly children: (value: T) => ComponentChildren
}

export function Shown<T>({ of, children }: ShownProps<T>): JSX.Element {
  switch (of.kind) {
    case 'waiting':
      return <Waiting />
    case 'wrong':
      return <Wrong why={of.why} again={of.again} />
    case 'there':
      return <>{children(of.value)}</>
  }
}

export function Waiting(): JSX.Element {
  return (
    <div class="waiting-lines" role="status" aria-label="Loading">
      <i style={{ width: '38%' }} />
      <i style={{ width: '72%' }} />
      <i style={{ width: '55%' }} />
    </div>
  )
}

export function Wrong({ why, again }: { readonly why: string; readonly again?: () => void }): JSX.Element {
  return (
    <div class="wrong" role="alert">
      <span>{why}</span>
      {again === undefined ? null : (
        <button class="button small" type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}
