import { visible } from '@sluice/core/visible'

/** A text in pieces: what is shown as it is, and what stands for something that would not be seen. */
export interface Segment {
  readonly kind: 'text' | 'mark'
  readonly text: string
}

/** What the gateway has made visible already: its marks are in brackets that no text can have. */
export function marked(text: string): readonly Segment[] {
  const segments: Segment[] = []
  let at = 0
  for (const match of text.matchAll(/⟨([^⟨⟩]*)⟩/g)) {
    if (match.index > at) segments.push({ kind: 'text', text: text.slice(at, match.index) })
    segments.push({ kind: 'mark', text: match[1] ?? '' })
    at = match.index + match[0].length
  }
  if (at < text.length) segments.push({ kind: 'text', text: text.slice(at) })
  return segments
}

/** What somebody decides by, from a recording: as `marked`, made visible by the same rule as the gateway's. */
export function exact(text: string): string {
  return visible(text)
}

/**
 * What is not seen, or changes how its neighbours are: controls, formats, fillers, blanks that are no space, halves of
 * characters, what no font has. Letters of all scripts are left as they are, since these are data and not a request.
 */
const unseen =
  /(?![\n\t\u0020])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]|(?<=\p{M}{2})\p{M}+/gu

/** A text of a recording that nobody decides by: values, names, messages. */
export function readable(text: string): readonly Segment[] {
  const segments: Segment[] = []
  let at = 0
  for (const match of text.matchAll(unseen)) {
    if (match.index > at) segments.push({ kind: 'text', text: text.slice(at, match.index) })
    for (const char of match[0]) segments.push({ kind: 'mark', text: nameOf(char) })
    at = match.index + match[0].length
  }
  if (at < text.length) segments.push({ kind: 'text', text: text.slice(at) })
  return segments
}

const names: Readonly<Record<number, string>> = {
  0x00: 'NUL',
  0x07: 'BEL',
  0x08: 'BS',
  0x0d: 'CR',
  0x1b: 'ESC',
  0x7f: 'DEL',
  0xa0: 'NBSP',
  0x200b: 'ZWSP',
  0x200d: 'ZWJ',
  0x202a: 'LRE',
  0x202b: 'RLE',
  0x202c: 'PDF',
  0x202d: 'LRO',
  0x202e: 'RLO',
  0x2066: 'LRI',
  0x2067: 'RLI',
  0x2068: 'FSI',
  0x2069: 'PDI',
  0xfeff: 'BOM',
}

function nameOf(char: string): string {
  const code = char.codePointAt(0) ?? 0
  return names[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
