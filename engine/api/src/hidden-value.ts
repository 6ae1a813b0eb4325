import { visible, type Json, type Pseudonyms } from '@sluice/core'

/** A value that an approver is not to read, but to recognise when it comes again. */
export interface HiddenValue {
  /** Its first character and its last two, when it is long enough not to be told by them. */
  readonly masked: string
  /** The same for equal values at gateways that share a masking key. */
  readonly tag: string
}

type Digest = Pick<Pseudonyms, 'digest'>

/** Characters of a tag: enough to tell values apart on one screen. */
const tagChars = 8
/** Shorter values are hidden whole. */
const partlyFrom = 8
const starsMax = 32
const harmlessDigitsMax = 6

export function hiddenValue(value: Json, pseudonyms: Digest): HiddenValue {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return { masked: partly(text), tag: tagOf(text, pseudonyms) }
}

/** A literal or comment in the place where it stood. Its tag is that of the value as a parameter would carry it. */
export function hiddenText(literal: string, pseudonyms: Digest): string {
  const comment = /^(?:--|\/\*)/.test(literal)
  const quoted = /^(?<before>[a-z&]{0,2}')(?<value>[^]*)'$/i.exec(literal)?.groups
  const dollars = /^(?<sign>\$\w*\$)(?<value>[^]*)\k<sign>$/.exec(literal)?.groups
  if (comment) return mark('comment', literal, pseudonyms)
  if (quoted !== undefined) {
    const value = (quoted['value'] ?? '').replaceAll("''", "'")
    return `${quoted['before'] ?? ''}${partly(value)}'${mark('masked', value, pseudonyms)}`
  }
  if (dollars !== undefined) {
    const { sign = '', value = '' } = dollars
    return `${sign}${partly(value)}${sign}${mark('masked', value, pseudonyms)}`
  }
  return `${partly(literal)}${mark('masked', literal, pseudonyms)}`
}

/**
 * What tells nothing of a person, and without which no one could decide: nothing, truth values, and whole numbers of
 * up to six digits, bare or as a string.
 */
export function isHarmless(value: Json): boolean {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value !== 'string' && typeof value !== 'number') return false
  const digits = /^'?-?(?<digits>\d+)'?$/.exec(String(value))?.groups?.['digits']
  return digits !== undefined && digits.length <= harmlessDigitsMax
}

/** `'` inside the value would end the literal on the screen. */
function partly(value: string): string {
  const characters = Array.from(value)
  const stars = (count: number): string => '*'.repeat(Math.min(count, starsMax))
  if (characters.length < partlyFrom) return stars(characters.length)
  const first = characters.slice(0, 1).join('')
  const last = characters.slice(-2).join('')
  return visible(`${first}${stars(characters.length - 3)}${last}`).replaceAll("'", '*')
}

function mark(what: string, value: string, pseudonyms: Digest): string {
  return `⟨${what} ${tagOf(value, pseudonyms)}, ${Array.from(value).length} characters⟩`
}

/** Keyed: a bare hash of a short value would be as good as the value. */
function tagOf(value: string, pseudonyms: Digest): string {
  return pseudonyms.digest('approval', value).toString('hex').slice(0, tagChars)
}
