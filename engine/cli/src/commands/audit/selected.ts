import { UsageError } from '../../command.ts'

export interface SelectOptions {
  readonly session?: string | undefined
  readonly subject?: string | undefined
  readonly label?: string | undefined
  readonly reason?: string | undefined
}

/** Exactly one selector and a reason, as the API takes them. `verb`: what is to be done, for people. */
export function selected(
  { session, subject, label, reason }: SelectOptions,
  verb: string,
): Readonly<Record<string, string>> {
  const selectors = Object.entries({ session, subject, label }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  if (selectors.length !== 1) throw new UsageError(`name what to ${verb}: --session, --subject or --label`)
  if (reason === undefined) throw new UsageError('say why: --reason <text>')
  return { ...Object.fromEntries(selectors), reason }
}
