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
  /[[\p{Nd}--[0-9]][\p{Zs}--[ ]][\p{Dash}--[\-]]\p{Default_Ignorable_Code_Point}\u{ff01}-\u{ff5e}]/gv
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
  if (text.search(foldable) < 0) return null
  const shifts = new Shifts()
  let unseen = 0
  let last = 0
  const folded = text.replaceAll(foldable, (character, at: number) => {
    const visible = asAscii(character)
    const carried = at === last ? unseen : 0
    unseen = visible === '' ? carried + character.length : 0
    last = at + character.length
    const shown = unseen > invisibleMax ? broken : visible
    shifts.add(last, character.length - shown.length)
    return shown
  })
  return { text: folded, original: (index) => index + shifts.at(index) }
}

/** How much further behind a character stands in the original: only where that changes. */
class Shifts {
  readonly #from = [0]
  readonly #shift = [0]

  /** From `original` on, all stands so much further behind than before. */
  add(original: number, more: number): void {
    if (more === 0) return
    const shift = (this.#shift.at(-1) ?? 0) + more
    this.#from.push(original - shift)
    this.#shift.push(shift)
  }

  at(index: number): number {
    let low = 0
    let high = this.#from.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#from[middle] ?? 0) <= index) low = middle
      else high = middle
    }
    return this.#shift[low] ?? 0
  }
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
