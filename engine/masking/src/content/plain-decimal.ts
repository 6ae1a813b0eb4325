/** Beyond it a number is no longer written out. */
const exponentMax = 400

/** A number of JSON without an exponent and without zeros at its end; `null` when that would be long. */
export function plainDecimal(number: string): string | null {
  if (plain.test(number)) return number
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = form.exec(number) ?? []
  const shift = Number(exponent)
  if (whole === '' || Math.abs(shift) > exponentMax) return null
  const digits = whole + fraction
  const point = whole.length + shift
  const padded = '0'.repeat(Math.max(0, 1 - point)) + digits.padEnd(point, '0')
  const at = Math.max(point, 1)
  const front = padded.slice(0, at).replace(/^0+(?=\d)/, '')
  const rest = padded.slice(at)
  let end = rest.length
  while (rest[end - 1] === '0') end--
  return sign + front + (end === 0 ? '' : `.${rest.slice(0, end)}`)
}

/** Whole, or without zeros at its end. */
const plain = /^-?\d+$|^-?(?:0|[1-9]\d*)\.\d*[1-9]$/
const form = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

export function isJsonNumber(text: string): boolean {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)
}
