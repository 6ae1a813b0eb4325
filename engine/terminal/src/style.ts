/** How a cell looks. Colours are indexes of the usual 256, or a colour of its own as `#rrggbb`. */
export interface Style {
  readonly foreground: number | string | null
  readonly background: number | string | null
  readonly bold: boolean
  readonly dim: boolean
  readonly italic: boolean
  readonly underline: boolean
  readonly inverse: boolean
  readonly strike: boolean
}

export const plainStyle: Style = {
  foreground: null,
  background: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
  strike: false,
}

/** Select graphic rendition (ECMA-48 §8.3.117). Hidden text (8) is shown all the same: nothing of a record is hidden. */
export function styled(style: Style, parameters: readonly number[]): Style {
  let next = style
  const rest = parameters.length === 0 ? [0] : [...parameters]
  for (let code = rest.shift(); code !== undefined; code = rest.shift()) {
    if (code === 38 || code === 48) {
      const colour = extended(rest)
      if (colour !== undefined) next = { ...next, [code === 38 ? 'foreground' : 'background']: colour }
    } else next = code === 0 ? plainStyle : { ...next, ...simple(code) }
  }
  return next
}

function simple(code: number): Partial<Style> {
  if (code >= 30 && code <= 37) return { foreground: code - 30 }
  if (code >= 40 && code <= 47) return { background: code - 40 }
  if (code >= 90 && code <= 97) return { foreground: code - 82 }
  if (code >= 100 && code <= 107) return { background: code - 92 }
  return effects[code] ?? {}
}

const effects: Readonly<Record<number, Partial<Style>>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  29: { strike: false },
  39: { foreground: null },
  49: { background: null },
}

/** `5;n` of the 256, or `2;r;g;b`. */
function extended(rest: number[]): number | string | undefined {
  const kind = rest.shift()
  if (kind === 5) return Math.min(255, rest.shift() ?? 0)
  if (kind !== 2) return undefined
  const hex = (value: number | undefined): string =>
    Math.min(255, value ?? 0)
      .toString(16)
      .padStart(2, '0')
  return `#${hex(rest.shift())}${hex(rest.shift())}${hex(rest.shift())}`
}
