import { UsageError } from './command.ts'
import { printable } from './printable.ts'

/** Something that has an id, and how a person tells it from another. */
export interface Known {
  readonly id: string
  readonly about: string
}

const idChars = 26
const shownMax = 5

/** Whether nothing has to be looked up: `ses_` and 26 capital letters and digits. */
export function isWhole(prefix: string, given: string): boolean {
  return new RegExp(`^${prefix}_[0-9A-Z]{${idChars}}$`).test(given)
}

/** What of an id was given, in the form of ids. Throws `UsageError` for what is no part of any. */
export function partOfId(prefix: string, given: string): string {
  const part = given.replace(new RegExp(`^${prefix}_`, 'i'), '').toUpperCase()
  if (!/^[0-9A-Z]{4,26}$/.test(part))
    throw new UsageError(
      `"${given}" is no id: it is ${prefix}_ and ${idChars} letters and digits, or at least four of them from its beginning or its end`,
    )
  return part
}

/**
 * The one that begins or ends so; ids begin with the time, so that neighbours differ in their ends. Throws when there is
 * none, and when there are several.
 */
export function idBeginning(prefix: string, given: string, known: readonly Known[]): string {
  const part = partOfId(prefix, given)
  const begin = known.filter(({ id }) => id.startsWith(`${prefix}_${part}`))
  const found = begin.length > 0 ? begin : known.filter(({ id }) => id.endsWith(part))
  const [only] = found
  if (only === undefined) throw new Error(`no id that you may see begins or ends with ${part}`)
  if (found.length > 1) {
    const lines = found.slice(0, shownMax).map(({ id, about }) => `\n  ${id}  ${printable(about)}`)
    const more = found.length > shownMax ? `\n  and ${found.length - shownMax} more` : ''
    throw new Error(`${found.length} ids fit ${part}: give more of it${lines.join('')}${more}`)
  }
  return only.id
}
