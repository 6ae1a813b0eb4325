/**
 * What is a secret by its form or by the name beside it: pure, and the same wherever a text is written down. Times are
 * linear in the text. Texts are UTF-16 or latin1, whose bytes beyond ASCII are then never blanks.
 */

/** What stands in the place of a secret. It tells nothing of it, not even its length. */
export const redacted = '[redacted]'

/** From, and up to but not including, in characters of the text. */
export type Range = readonly [from: number, to: number]

const names = 'pass(?:word|wd|phrase)|pwd|secret|token|credentials?|authorization'
const keys = '(?:api|access|private|secret|signing|encryption)[_-]?key'
const says = new RegExp(`${names}|key`, 'i')
const isOne = new RegExp(`(?:${names}|${keys})$`, 'i')

/** The name of an option, a setting or a header whose value is to be treated as a secret. */
export function saysSecret(name: string): boolean {
  return says.test(name)
}

/** A name that means nothing else, also where any word may stand: of a column, a field, a variable. */
export function isSecretName(name: string): boolean {
  return isOne.test(name)
}

/** Tokens that tell by themselves what they are: whose they are does not matter. */
const prefixes =
  'sk-|gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|[rs]k_(?:live|test)_|hv[bs]\\.|npm_|pypi-|slu_|AIza'
const shapes: readonly RegExp[] = [
  new RegExp(`(?<![\\w-])(?<secret>(?:${prefixes})[\\w-]{16,}(?:\\.[\\w-]+)*)`, 'dg'),
  /(?<!\w)(?<secret>(?:AKIA|ASIA)[A-Z0-9]{16})(?!\w)/dg,
  /(?<![\w-])(?<secret>eyJ[\w-]{8,}(?:\.[\w-]*){2,})/dg,
  /(?<secret>-----BEGIN [A-Z ]{0,32}PRIVATE KEY(?:(?!-----END )[^"'])*(?:-----END [A-Z ]{0,32}-----)?)/dg,
]

const blank = '[ \\t\\r\\n\\f\\v]'
const word = `(?:\\\\.|[^ \\t\\r\\n\\f\\v'"\\\\])+`
const quoted = `"(?:[^"\\\\]|\\\\.)*"?|'(?:[^']|'')*'?`
/** What stands beside a name or a sign that says so: connection strings, headers, fields of JSON, SQL. */
const neighbours: readonly RegExp[] = [
  /:\/\/[^ \t\r\n:/@'"]*:(?<secret>[^ \t\r\n@'"/]+)@/dg,
  new RegExp(`(?<![a-z])(?:bearer|basic)${blank}+(?<secret>[\\w.~+/=-]{12,})`, 'dgi'),
  new RegExp(
    `(?:${names}|${keys})\\\\?["']?${blank}*(?:=>|:=|[=:])${blank}*(?:(?:bearer|basic)${blank}+)?(?<secret>${quoted}|${word})`,
    'dgi',
  ),
  new RegExp(`password${blank}+(?<secret>'(?:[^']|'')*'?)`, 'dgi'),
]

const hint = new RegExp(
  `${names}|key|crypt|hmac|set_config|bearer|basic|://|eyJ|${prefixes}|AKIA|ASIA|-----BEGIN`,
  'iy',
)

/** The three characters with which what `hint` knows begins. */
const beginnings =
  'pas pwd sec tok cre aut key cry hma set bea bas :// eyj sk- gho ghp ghs ghu ghr git glp xox sk_ rk_ hvb hvs npm pyp slu aki asi aiz ---'
const beginsThere = new Uint8Array(1 << 15)
for (const [one, two, three] of beginnings.split(' ').map((word) => Buffer.from(word)))
  beginsThere[along(along(along(0, one ?? 0), two ?? 0), three ?? 0)] = 1
/** Longer than the longest that `hint` knows. */
const hintCharsMax = 16

/** Five bits of each of the last three characters: those in which letters of either case are the same. */
function along(before: number, character: number): number {
  return ((before << 5) | (character & 31)) & 0x7fff
}

/**
 * Whether it is worth a closer look. `false`: there is nothing for anybody to find. It looks at each character once, since a
 * text may be of megabytes and a regular expression with so many branches takes four times as long.
 */
export function mayHoldSecret(text: string): boolean {
  let last = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === backslash) return true
    last = along(last, character)
    if (beginsThere[last] !== 0 && isHint(text, at - 2)) return true
  }
  return false
}

const backslash = 0x5c

function isHint(text: string, at: number): boolean {
  hint.lastIndex = Math.max(at, 0)
  return hint.test(text)
}

/** The same for bytes that are looked at for each request: nearly always one pass that finds nothing. */
export function bytesMayHoldSecret(bytes: Uint8Array): boolean {
  let last = 0
  for (let at = 0; at < bytes.length; at++) {
    last = along(last, bytes[at] ?? 0)
    if (beginsThere[last] === 0) continue
    const from = Math.max(at - 2, 0)
    if (isHint(Buffer.from(bytes.subarray(from, from + hintCharsMax)).toString('latin1'), 0)) return true
  }
  return false
}

/** Every secret in a text that is none by its place. They may overlap. */
export function secretRanges(text: string): readonly Range[] {
  return mayHoldSecret(text) ? rangesOf([...shapes, ...neighbours], text) : []
}

/** Only those that are known by their form. */
export function tokenRanges(text: string): readonly Range[] {
  return mayHoldSecret(text) ? rangesOf(shapes, text) : []
}

/** The same text with the mark in the place of each secret: for errors, reports and whatever else people read. */
export function withoutSecrets(text: string): string {
  return marked(text, secretRanges(text))
}

/** The same for a text in which a name with a sign behind it is no more than that, e.g. JSON of names. It stays JSON. */
export function withoutTokens(text: string): string {
  return marked(text, tokenRanges(text))
}

function rangesOf(patterns: readonly RegExp[], text: string): readonly Range[] {
  return patterns.flatMap((pattern) =>
    Array.from(
      text.matchAll(pattern),
      ({ indices }): Range => indices?.groups?.['secret'] ?? [0, text.length],
    ),
  )
}

function marked(text: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return text
  let kept = ''
  let at = 0
  for (const [from, to] of ranges.toSorted(([one], [other]) => one - other)) {
    if (from >= at) kept += text.slice(at, from) + redacted
    at = Math.max(at, to)
  }
  return kept + text.slice(at)
}
