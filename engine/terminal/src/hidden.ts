import type { Style } from './style.ts'

/** Channels that differ by less are one colour to a person. */
const nearMax = 32

/** The sixteen that programs name, as xterm has them: players draw others, which are as far apart. */
const named: readonly Rgb[] = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
]

type Rgb = readonly [red: number, green: number, blue: number]

/**
 * Whether a text that looks so is about as its ground is, by whatever names the two have: who looks on would not see what a
 * host printed. A terminal's own ground is taken for a dark one.
 */
export function isHidden({ foreground, background }: Style): boolean {
  if (foreground === null) return false
  const [front, back] = [rgbOf(foreground), rgbOf(background ?? 0)]
  return front.every((channel, at) => Math.abs(channel - (back[at] ?? 0)) < nearMax)
}

const steps = [0, 95, 135, 175, 215, 255] as const

function rgbOf(colour: number | string): Rgb {
  if (typeof colour === 'string') {
    const rgb = Number.parseInt(colour.slice(1), 16)
    return [(rgb >> 16) & 0xff, (rgb >> 8) & 0xff, rgb & 0xff]
  }
  const known = named[colour]
  if (known !== undefined) return known
  if (colour >= 232) {
    const grey = 8 + (colour - 232) * 10
    return [grey, grey, grey]
  }
  const part = (by: number): number => steps[Math.floor((colour - 16) / by) % 6] ?? 0
  return [part(36), part(6), part(1)]
}
