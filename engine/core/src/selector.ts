import type { EventData } from './events.ts'

/** Whose sessions are meant. */
export type Selector =
  | { readonly kind: 'session'; readonly session: string }
  /** A subject id. */
  | { readonly kind: 'subject'; readonly subject: string }
  /** Of targets. */
  | { readonly kind: 'label'; readonly name: string; readonly value: string }

/** As events and people say it: `session=…`, `subject=…`, `label=name=value`. */
export function selectorText(selector: Selector): string {
  switch (selector.kind) {
    case 'session':
      return `session=${selector.session}`
    case 'subject':
      return `subject=${selector.subject}`
    case 'label':
      return `label=${selector.name}=${selector.value}`
  }
}

/** `null` for a text that this version does not understand. */
export function selectorFrom(text: string): Selector | null {
  const [kind = '', ...rest] = text.split('=')
  const [name = '', ...value] = rest
  switch (kind) {
    case 'session':
      return { kind, session: rest.join('=') }
    case 'subject':
      return { kind, subject: rest.join('=') }
    case 'label':
      return { kind, name, value: value.join('=') }
    default:
      return null
  }
}

export function selects(selector: Selector, opened: EventData['SessionOpened']): boolean {
  switch (selector.kind) {
    case 'session':
      return opened.session === selector.session
    case 'subject':
      return opened.subject.id === selector.subject
    case 'label':
      return (
        (JSON.parse(opened.labels) as Readonly<Record<string, unknown>>)[selector.name] === selector.value
      )
  }
}
