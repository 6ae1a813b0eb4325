import type { ComponentChildren, JSX } from 'preact'
import { Code } from './code.tsx'
import { Icon, type IconName } from './icon.tsx'

export interface EmptyProps {
  readonly icon: IconName
  readonly title: string
  readonly children: ComponentChildren
  /** What to type to see something here. */
  readonly command?: string
}

/** A page without anything on it says what would be there, and how to get it. */
export function Empty({ icon, title, children, command }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      <p>{children}</p>
      {command === undefined ? null : <Code text={command} language="shell" whole />}
    </div>
  )
}
