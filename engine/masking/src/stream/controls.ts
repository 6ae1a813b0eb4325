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
/** Many of them stand together as one, as in binary data. */
const single =
  '[\\x00-\\x07\\x0b\\x0c\\x0e-\\x1a\\x1c-\\x1f\\x7f-\\x8f\\x91-\\x97\\x99\\x9a\\x9c]+|[\\x08\\x90\\x98\\x9b\\x9d-\\x9f]'
const invisible = new RegExp(`${sequence}|${underlined}|${struck}|${opening}|${single}|\\x1b`, 'g')
const worthALook = new RegExp(`${single}|\\x1b`)

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
    const seen = worthALook.test(text) ? apart(text, this.#last) : { visible: text, hidden: none }
    this.#last = seen.visible.at(-1) ?? this.#last
    return seen
  }
}

function apart(text: string, before: string): Seen {
  const hidden: { at: number; text: string }[] = []
  const ends = new StringEnds(text)
  let visible = ''
  let at = 0
  invisible.lastIndex = 0
  for (let match; (match = invisible.exec(text)) !== null;) {
    const { 0: begins, index, groups } = match
    const found = groups?.['opening'] === undefined ? begins : text.slice(index, ends.of(begins, index))
    invisible.lastIndex = index + found.length
    visible += text.slice(at, index)
    const over = groups?.['over']
    // What is struck over by something else is still in the stream.
    const unseen = over === undefined || over === '_' || over === (visible.at(-1) ?? before) ? found : '\b'
    hidden.push({ at: visible.length, text: unseen })
    at = index + unseen.length
    if (unseen.length < found.length) {
      visible += found.slice(unseen.length)
      at = index + found.length
    }
  }
  return { visible: visible + text.slice(at), hidden }
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
