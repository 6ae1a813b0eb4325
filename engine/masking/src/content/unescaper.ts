import { Shifts } from '../detectors/shifts.ts'

const named: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  colon: ':',
  comma: ',',
  commat: '@',
  equals: '=',
  gt: '>',
  hyphen: '-',
  lowbar: '_',
  lt: '<',
  nbsp: '\u00a0',
  num: '#',
  period: '.',
  plus: '+',
  quot: '"',
  sol: '/',
}

const following = '%[89ab][0-9a-f]'
const ofUrls = `%u[0-9a-f]{4}|%[0-7][0-9a-f]|%[cd][0-9a-f]${following}|%e[0-9a-f](?:${following}){2}|%f[0-4](?:${following}){3}`
const ofPages = String.raw`&#\d{1,7};?|&#x[0-9a-f]{1,6};?|&(?:${Object.keys(named).join('|')});`
const ofPrograms = String.raw`\\u[0-9a-f]{4}|\\x[0-9a-f]{2}`
/** One character each. */
const escape = new RegExp([ofUrls, ofPages, ofPrograms].join('|'), 'gi')
/** The same but for `\x` before many digits, as PostgreSQL writes bytes. */
const escapeInRuns = new RegExp([ofUrls, ofPages, `${ofPrograms}(?![0-9a-f]{2})`].join('|'), 'gi')
/** What may become one. */
const begun =
  /(?:%[0-9a-f]?|%u[0-9a-f]{0,3}|%[c-f][0-9a-f](?:%[89ab][0-9a-f]){0,2}(?:%[89ab]?)?|&(?:#\d{0,7}|#x[0-9a-f]{0,6}|[a-z]{0,6})|\\(?:u[0-9a-f]{0,3}|x[0-9a-f]{0,3})?)$/i

/** No escape is longer. */
const escapeCharsMax = 12

/**
 * A text without the escapes of URLs, pages and JSON in it, where they are some; a sign that begins none stays. It may come
 * in pieces.
 */
export class Unescaper {
  readonly #escape: RegExp
  /** Something was no more than an escape. */
  changed = false
  /** What has come last and may be the beginning of one. */
  #begun = ''
  #came = 0
  readonly #shifts = new Shifts()

  /** `inRuns`: runs of hexadecimal are looked for in it, which stay. */
  constructor(inRuns: boolean) {
    this.#escape = inRuns ? escapeInRuns : escape
  }

  push(piece: string): string {
    const text = this.#begun + piece
    if (!mayEscape(text)) {
      this.#begun = ''
      this.#came += text.length
      return text
    }
    this.#begun = begun.exec(text.slice(-escapeCharsMax))?.[0] ?? ''
    return this.#without(text.slice(0, text.length - this.#begun.length))
  }

  end(): string {
    const rest = this.#begun
    this.#begun = ''
    return this.#without(rest)
  }

  /** Where what stands there stood in all that has come. */
  original(index: number): number {
    return index + this.#shifts.at(index)
  }

  /** Nobody asks any more for what stands before it. */
  forget(index: number): void {
    this.#shifts.forget(index)
  }

  #without(text: string): string {
    const from = this.#came
    this.#came += text.length
    return text.replaceAll(this.#escape, (found, at: number) => {
      const said = meaning(found)
      this.changed = true
      this.#shifts.add(from + at + found.length, found.length - said.length)
      return said
    })
  }
}

/** The text without escapes, and where all of it stood; `null` when it has none. */
export function unescaped(text: string): { readonly text: string; original(index: number): number } | null {
  if (!hasEscapes(text)) return null
  const unescaper = new Unescaper(false)
  const said = unescaper.push(text) + unescaper.end()
  return { text: said, original: (index) => unescaper.original(index) }
}

/** Each escape begins with one. */
export const escapeSigns: readonly string[] = ['%', '&', '\\']

export function mayEscape(text: string): boolean {
  return escapeSigns.some((sign) => text.includes(sign))
}

export function hasEscapes(text: string): boolean {
  return mayEscape(text) && text.search(escape) >= 0
}

function meaning(escaped: string): string {
  if (escaped.startsWith('&')) return ofPage(escaped)
  if (escaped.length === 3) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
  if (/^(?:\\|%u)/i.test(escaped)) return String.fromCharCode(Number.parseInt(escaped.slice(2), 16))
  return Buffer.from(escaped.replaceAll('%', ''), 'hex').toString()
}

function ofPage(escaped: string): string {
  const [, hexadecimal, digits, name] = /^&(?:#(x?)([0-9a-f]+)|(\w+));?$/i.exec(escaped) ?? []
  if (name !== undefined) return named[name.toLowerCase()] ?? escaped
  const code = Number.parseInt(digits ?? '', hexadecimal === '' ? 10 : 16)
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : escaped
}
