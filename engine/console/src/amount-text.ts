/** `12 400`, with a space that does not break. */
export function countText(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, '\u202f')
}

/** `1 row`, `2 rows`. */
export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${countText(value)} ${value === 1 ? one : many}`
}

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const

/** `812 bytes`, `4.1 KB`: by thousands. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1_000 && unit < units.length - 1) [value, unit] = [value / 1_000, unit + 1]
  return unit === 0
    ? counted(bytes, 'byte')
    : `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** An id by its end, which is what differs: `ses_…7K2P`. */
export function shortId(id: string): string {
  return /^[a-z]{3}_[0-9A-Z]{26}$/.test(id) ? `${id.slice(0, 4)}…${id.slice(-4)}` : id
}

/** A subject by its name at its issuer: `bob` of `https://idp.example#bob`. */
export function subjectName(id: string): string {
  return id.slice(id.lastIndexOf('#') + 1)
}

/** Where it is known: `idp.example`. */
export function subjectIssuer(id: string): string | null {
  const at = id.lastIndexOf('#')
  return at < 0 ? null : id.slice(0, at).replace(/^https?:\/\//, '')
}
