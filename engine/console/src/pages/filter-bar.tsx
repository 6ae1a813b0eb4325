import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { filter, place } from '../location.ts'
import { useKeys } from '../views/keys.tsx'

export interface Choice {
  readonly name: string
  readonly label: string
  readonly options: readonly (readonly [string, string])[]
}

const typedMs = 250

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
