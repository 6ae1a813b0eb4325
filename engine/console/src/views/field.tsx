import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

export interface FieldProps {
  readonly label: string
  readonly hint?: ComponentChildren
  /** What is wrong with it; empty: nothing is known. */
  readonly wrong?: string
  readonly children: (of: FieldAttributes) => JSX.Element
}

/** What ties a control to what is said of it. */
export interface FieldAttributes {
  readonly id: string
  readonly 'aria-describedby': string
  readonly 'aria-invalid': boolean
}

/** A control with its name, what belongs in it, and what is wrong with what is. */
export function Field({ label, hint, wrong = '', children }: FieldProps): JSX.Element {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-about`, 'aria-invalid': wrong !== '' })}
      <div id={`${id}-about`} class="field-about">
        {wrong === '' ? null : <p class="field-wrong">{wrong}</p>}
        {hint === undefined ? null : <p class="field-hint">{hint}</p>}
      </div>
    </div>
  )
}

export interface ChoiceFieldProps extends Omit<FieldProps, 'children'> {
  readonly value: string
  readonly options: readonly (readonly [value: string, name: string])[]
  readonly choose: (value: string) => void
}

/** One of several. */
export function ChoiceField({ value, options, choose, ...field }: ChoiceFieldProps): JSX.Element {
  return (
    <Field {...field}>
      {(of) => (
        <select {...of} class="input" value={value} onChange={(event) => choose(event.currentTarget.value)}>
          {options.map(([each, name]) => (
            <option key={each} value={each}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
