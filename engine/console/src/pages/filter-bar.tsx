import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { get } from '../api/client.ts'
import type { TargetLine } from '../api/shapes.ts'
import { filter, place } from '../location.ts'
import { useKeys } from '../views/keys.tsx'
import { useResource } from '../views/resource.tsx'

export interface Choice {
  readonly name: string
  readonly label: string
  readonly options: readonly (readonly [string, string])[]
}

const typedMs = 250

/** Which target; of all that can be named. */
export function useTargetChoice(): Choice {
  const targets = useResource((signal) => get<readonly TargetLine[]>('/v1/targets', {}, signal), [])
  const names = targets.kind === 'there' ? targets.value.map(({ name }) => [name, name] as const) : []
  return { name: 'target', label: 'Target', options: [['', 'All targets'], ...names] }
}

/** Filters of a list. They are the address; a change begins at the first page again. */
export function FilterBar({
  placeholder,
  choices,
}: {
  readonly placeholder: string
  readonly choices: readonly Choice[]
}): JSX.Element {
  const { query } = place.value
  const [typed, setTyped] = useState(query['text'] ?? '')
  const input = useRef<HTMLInputElement>(null)
  useKeys([{ key: '/', does: 'Search', press: () => input.current?.focus() }])
  useEffect(() => {
    if (typed === (query['text'] ?? '')) return undefined
    const timer = setTimeout(() => filter({ text: typed, before: undefined }, 'replace'), typedMs)
    return () => clearTimeout(timer)
  }, [typed])
  const named = new Set(['text', 'before', ...choices.map(({ name }) => name)])
  const others = Object.entries(query).filter(([name]) => !named.has(name))
  return (
    <div class="filters" role="search">
      <input
        ref={input}
        class="input search"
        type="search"
        aria-label={placeholder}
        placeholder={placeholder}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      {choices.map(({ name, label, options }) => (
        <select
          key={name}
          class="input"
          aria-label={label}
          value={query[name] ?? ''}
          onChange={(event) => filter({ [name]: event.currentTarget.value, before: undefined })}
        >
          {options.map(([value, text]) => (
            <option value={value}>{text}</option>
          ))}
        </select>
      ))}
      {others.map(([name, value]) => (
        <button
          key={name}
          class="button small"
          type="button"
          onClick={() => filter({ [name]: undefined, before: undefined })}
          title="Take this filter away"
        >
          {name}: {value} ×
        </button>
      ))}
    </div>
  )
}
