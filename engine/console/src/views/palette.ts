/** The sixteen that programs name, in tones that can be read on dark. */
const named = [
  '#3b4245',
  '#f0857c',
  '#84c98f',
  '#e7c062',
  '#7fb6ef',
  '#cf9be0',
  '#74c7c7',
  '#d5dada',
  '#6b7679',
  '#ff9d94',
  '#a4e0ad',
  '#f5d98a',
  '#a5cdf7',
  '#e3bdf0',
  '#9be0e0',
  '#ffffff',
] as const

const steps = [0, 95, 135, 175, 215, 255] as const

/** Of the 256: sixteen named ones, a cube of six, and 24 greys (as xterm has them). */
export function colourOf(colour: number | string): string {
  if (typeof colour === 'string') return colour
  const known = named[colour]
  if (known !== undefined) return known
  if (colour >= 232) {
    const grey = 8 + (colour - 232) * 10
    return `rgb(${grey} ${grey} ${grey})`
  }
  const place = colour - 16
  const part = (by: number): number => steps[Math.floor(place / by) % 6] ?? 0
  return `rgb(${part(36)} ${part(6)} ${part(1)})`
}
