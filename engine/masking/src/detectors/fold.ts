import { Shifts } from './shifts.ts'

/** A text as it reads, and where each character of it stands in the text that it was made from. */
export interface Folded {
  readonly text: string
  original(index: number): number
}

/** So many units that cannot be seen may stand behind a character; more of them are a break in whatever it is. */
const invisibleMax = 2

/** A folded character stands for no more units of the original: a pair of surrogates and what cannot be seen. */
export const unitsMax: number = 2 + invisibleMax

const foldable =
  /[[\p{Nd}--[0-9]][\p{Zs}--[ ]][\p{Dash}--[\-]]\p{Default_Ignorable_Code_Point}\u{ff01}-\u{ff5e}]/v
/** Below it nothing is folded. */
const foldableFrom = 0xa0
const high = /[\u00a0-\uffff]/
const invisible = /\p{Default_Ignorable_Code_Point}/u
const space = /\p{Zs}/u
const dash = /\p{Dash}/u
const digit = /\p{Nd}/u

const fullWidth = { from: 0xff01, to: 0xff5e, ascii: 0x21 } as const
/** Stands in no value of any kind. */
const broken = '\0'

/**
 * Digits of any script, full-width letters and signs, spaces and dashes of every width become those of ASCII; what
 * cannot be seen (zero-width, soft hyphen, direction marks) is taken out. Null when nothing of a text would change.
 */
export function fold(text: string): Folded | null {
  if (!high.test(text)) return null
  let at = foldableAt(text, 0)
  if (at === text.length) return null
  const shifts = new Shifts()
  let unseen = 0
  let last = 0
  let folded = ''
  while (at < text.length) {
    const length = isPair(text, at) ? 2 : 1
    const visible = asAscii(text.slice(at, at + length))
    const carried = at === last ? unseen : 0
    unseen = visible === '' ? carried + length : 0
    const shown = unseen > invisibleMax ? broken : visible
    folded += text.slice(last, at) + shown
    last = at + length
    shifts.add(last, length - shown.length)
    at = foldableAt(text, last)
  }
  return { text: folded + text.slice(last), original: (index) => index + shifts.at(index) }
}

/** What several detectors are about to ask for, one after the other, is folded once. Nothing is kept beyond `work`. */
export function foldingOnce<Result>(work: () => Result): Result {
  sharers++
  try {
    return work()
  } finally {
    if (--sharers === 0) shared = undefined
  }
}

let sharers = 0
let shared: { readonly text: string; readonly view: Folded | null } | undefined

/** As `fold`; the same one again while it is shared. */
export function foldShared(text: string): Folded | null {
  if (shared?.text === text) return shared.view
  const view = fold(text)
  if (sharers > 0) shared = { text, view }
  return view
}

/** Where the next character stands that is folded; the length of the text: none does. */
function foldableAt(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < foldableFrom) continue
    const kind = (kinds ??= kindsOfUnits())[unit]
    if (kind === folds) return at
    if (kind === begins && isPair(text, at) && foldable.test(text.slice(at, at + 2))) return at
  }
  return text.length
}

/** Half a character is none. */
function isPair(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
}

const folds = 1
const begins = 2
/** Of each unit, since asking for properties of characters is slow; made for the first text that is not ASCII. */
let kinds: Uint8Array | undefined

function kindsOfUnits(): Uint8Array {
  const all = new Uint8Array(0x10000)
  for (let unit = foldableFrom; unit < all.length; unit++)
    if (foldable.test(String.fromCharCode(unit))) all[unit] = folds
  return all.fill(begins, 0xd800, 0xdc00)
}

/** Few different characters are folded, and asking for their properties is slow. */
const known = new Map<string, string>()
const knownMax = 4096

function asAscii(character: string): string {
  const found = known.get(character)
  if (found !== undefined) return found
  const ascii = looked(character)
  if (known.size < knownMax) known.set(character, ascii)
  return ascii
}

function looked(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code >= fullWidth.from && code <= fullWidth.to)
    return String.fromCharCode(code - fullWidth.from + fullWidth.ascii)
  if (invisible.test(character)) return ''
  if (space.test(character)) return ' '
  return dash.test(character) ? '-' : String(digitValue(code))
}

/** Unicode has the digits of a script one behind the other, and sets of ten directly behind one another. */
function digitValue(code: number): number {
  let first = code
  while (digit.test(String.fromCodePoint(first - 1))) first--
  return (code - first) % 10
}
