/** What a terminal shows nothing of: sequences that move, colour or name, and single controls. */
const sequence = [
  // CSI, in seven bits and in eight.
  '(?:\\x1b\\[|\\x9b)[0-?]*[ -/]*[@-~]',
  // OSC, which ends with BEL or ST; DCS, SOS, PM and APC.
  '\\x1b\\][^\\x07\\x1b\\x9c]*(?:\\x07|\\x1b\\\\|\\x9c)',
  '\\x1b[PX^_][^\\x1b\\x9c]*(?:\\x1b\\\\|\\x9c)',
  '\\x1b[ -/]*[0-Z\\\\\\]^_`-~]',
].join('|')
/** A character that is underlined, or struck over by another one, as manual pages are. */
const underlined = '_\\x08(?=[^\\x00-\\x20])'
const struck = '\\x08(?<over>[^\\x00-\\x20])'
/** The same strings, where eight bits begin them: a single control if they have no end. */
const opening = '(?<opening>[\\x90\\x98\\x9d-\\x9f])'
/** What may begin one of these, or is one by itself. */
const beginning = '[\\x08\\x1b\\x90\\x98\\x9b\\x9d-\\x9f]'
const invisible = new RegExp(`${sequence}|${underlined}|${struck}|${opening}|${beginning}`, 'y')

/** Of a unit below `looks.length`: it is seen, it is a control by itself, it begins something, it may be an underline. */
const [seen, quiet, begins, line] = [0, 1, 2, 3]
const looks = Uint8Array.from({ length: 0xa0 }, (_, unit) => {
  const char = String.fromCharCode(unit)
  if (char === '_') return line
  if (new RegExp(beginning).test(char)) return begins
  return (unit < 0x20 || unit >= 0x7f) && !'\t\n\r'.includes(char) ? quiet : seen
})

/** At the end: something of which nobody can say yet what it is. */
const begun = new RegExp(
  [
    '(?:\\x1b(?:\\[[0-?]*[ -/]*|\\][^\\x07\\x1b\\x9c]*\\x1b?|[PX^_][^\\x1b\\x9c]*\\x1b?|[ -/]*)?',
    '_?\\x08',
    '_',
    '[\\x9b\\x9d\\x90\\x98\\x9e\\x9f][^\\x07\\x1b\\x9c]*)$',
  ].join('|'),
)
/** Longer ones are taken for what they look like. */
const begunCharsMax = 4_096

/** A text without what is not seen of it, and what that was: `at` is where in the visible text it stood. */
export interface Seen {
  readonly visible: string
  readonly hidden: readonly { readonly at: number; readonly text: string }[]
}

/** Tells what is seen of a text from what is not, where its pieces may cut through anything. */
export class Controls {
  #rest = ''
  /** What is seen last. */
  #last = ''

  write(piece: string): Seen {
    const text = this.#rest + piece
    const start = begun.exec(text.slice(-begunCharsMax))
    const held = start === null || start[0].length >= begunCharsMax ? 0 : start[0].length
    this.#rest = text.slice(text.length - held)
    return this.#seen(text.slice(0, text.length - held))
  }

  end(): Seen {
    const rest = this.#rest
    this.#rest = ''
    return this.#seen(rest)
  }

  #seen(text: string): Seen {
    const parts = hiddenAt(text, 0) < text.length ? apart(text, this.#last) : { visible: text, hidden: none }
    this.#last = parts.visible.at(-1) ?? this.#last
    return parts
  }
}

function apart(text: string, before: string): Seen {
  const hidden: { at: number; text: string }[] = []
  const ends = new StringEnds(text)
  let visible = ''
  let last = before
  let from = 0
  let next = 0
  for (let index; (index = hiddenAt(text, next)) < text.length;) {
    if (index > from) last = text[index - 1] ?? ''
    const { found, over } = unseenAt(text, index, ends)
    next = index + found.length
    visible += text.slice(from, index)
    // What is struck over by something else is still in the stream.
    const unseen = over === undefined || over === '_' || over === last ? found : '\b'
    hidden.push({ at: visible.length, text: unseen })
    if (unseen.length < found.length) {
      visible += found.slice(unseen.length)
      last = found.at(-1) ?? ''
    }
    from = next
  }
  return { visible: visible + text.slice(from), hidden }
}

/** Where the next begins that is not seen; the length of the text: nowhere. */
function hiddenAt(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const look = looks[text.charCodeAt(at)] ?? seen
    if (look !== seen && (look !== line || isUnderlined(text, at))) return at
  }
  return text.length
}

function isUnderlined(text: string, at: number): boolean {
  return text[at + 1] === '\b' && text.charCodeAt(at + 2) > 0x20
}

interface Unseen {
  readonly found: string
  /** What is struck over the character before. */
  readonly over: string | undefined
}

/** Many single controls are told apart without the patterns: they are most of binary data. */
function unseenAt(text: string, index: number, ends: StringEnds): Unseen {
  let end = index
  while (looks[text.charCodeAt(end)] === quiet) end++
  if (end > index) return { found: text.slice(index, end), over: undefined }
  invisible.lastIndex = index
  const match = invisible.exec(text)
  const begun = match?.[0] ?? text.charAt(index)
  const found = match?.groups?.['opening'] === undefined ? begun : text.slice(index, ends.of(begun, index))
  return { found, over: match?.groups?.['over'] }
}

/** Where strings end that eight bits begin. However many begin before one end, it is looked for once. */
class StringEnds {
  readonly #text: string
  readonly #stops = { named: -1, other: -1 }

  constructor(text: string) {
    this.#text = text
  }

  /** Behind the end of what begins at `index`; without one behind its beginning. */
  of(opening: string, index: number): number {
    const kind = opening === '\x9d' ? 'named' : 'other'
    if (this.#stops[kind] <= index) this.#stops[kind] = this.#stopAfter(index, stopping[kind])
    const stop = this.#stops[kind]
    if (stop === this.#text.length) return index + 1
    if (this.#text[stop] !== '\x1b') return stop + 1
    return this.#text[stop + 1] === '\\' ? stop + 2 : index + 1
  }

  #stopAfter(index: number, stops: RegExp): number {
    stops.lastIndex = index + 1
    return stops.exec(this.#text)?.index ?? this.#text.length
  }
}

/** OSC also ends with BEL. */
const stopping = {
  named: new RegExp(String.raw`[\x07\x1b\x9c]`, 'g'),
  other: new RegExp(String.raw`[\x1b\x9c]`, 'g'),
} as const

const none: readonly never[] = []
